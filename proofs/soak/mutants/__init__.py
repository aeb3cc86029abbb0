"""Safeguards of the worker switched off, one at a time: each must make a run red, for the reason given."""
