"""The ledger as bytes: keys and rows, formats, and the versions of the definitions that made its panes."""
