"""Promtool tests of the rules in `monitoring/rules`: what fires, when, and with which words.

They also say what must stay silent.
"""
