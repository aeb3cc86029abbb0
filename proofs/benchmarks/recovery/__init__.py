"""`make bench-recovery`: how long a worker and an exporter need to begin, how long a rebalance stops the desk, how large a ticket is."""
