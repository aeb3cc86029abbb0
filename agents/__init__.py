"""The worker: Faust agents that turn chunks of Kafka records into ledger rows, exactly once.

Only this package knows Faust.
"""
