"""Time algebra and windowed tables: panes, windows, quantile buckets, rolling sums.

Knows no ticket, no clock, no Kafka.
"""
