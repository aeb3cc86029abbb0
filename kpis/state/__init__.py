"""The state of one partition: records in, changed ledger rows out."""
