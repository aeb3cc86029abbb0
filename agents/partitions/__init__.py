"""The partitions that a worker owns: take-over, recovery, units of work, transactions."""
