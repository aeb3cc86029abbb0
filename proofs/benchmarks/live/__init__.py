"""What a worker costs and how fast it is while a desk goes on as usual.

A few events a second, not a backlog.
"""
