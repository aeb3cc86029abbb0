"""The partitions that a worker owns.

Taking over, recovering, applying units of work, writing transactions.
"""
