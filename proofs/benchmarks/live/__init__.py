"""What a worker costs and how fast it is while a desk goes on as usual.

A usual desk has a few events a second, not a backlog.
"""
