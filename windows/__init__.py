"""Time windows: panes, spans, rolling sums, quantile buckets, and the windowed tables of a partition.

Knows no ticket, no clock, no Kafka.
"""
