"""The state of one partition: records in, changed ledger rows out; admission of names, rebuilding, rows that return."""
