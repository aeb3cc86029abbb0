"""Promtool tests of the rules in `monitoring/rules`: what fires, when, with which words; and what must stay silent."""
