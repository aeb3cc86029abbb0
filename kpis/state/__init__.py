"""The state of one partition: records in, changed ledger rows out.

Admission of names, rebuilding, rows that return.
"""
