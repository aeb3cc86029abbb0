"""The SLA: policies, business calendars, commitments and their clocks, and deadlines.

It also has the tickets at risk and the part that is worst now.
"""
