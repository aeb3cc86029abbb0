"""The KPIs: tickets and their SLA, the state of a partition, its ledger rows, and the figures made of them.

Pure: no clock, no network, no logger.
"""
