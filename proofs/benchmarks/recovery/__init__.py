"""`make bench-recovery`: how long a worker and an exporter need to begin.

It also measures how long a rebalance stops the desk, and how large a ticket is.
"""
