"""The oracle: an independent reference model of every figure, naive on purpose.

It imports nothing of what it judges.
"""
