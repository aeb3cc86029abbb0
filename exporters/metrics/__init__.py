"""Metrics: every family that Prometheus scrapes, and its text format."""
