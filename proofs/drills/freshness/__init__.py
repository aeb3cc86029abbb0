"""How long after an event the walls and the pager know it, measured on a whole installation.

`make freshness`.
"""
