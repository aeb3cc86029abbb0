"""Promtool tests of the rules in `monitoring/rules`: what fires, when, with which words.

And what must stay silent.
"""
