"""The oracle: an independent reference of every figure, naive on purpose.

It imports nothing of what it judges.
"""
