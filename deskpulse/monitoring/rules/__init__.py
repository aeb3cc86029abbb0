"""Prometheus's rules and Alertmanager's configuration, made from the SLA policy.

docs/alerts.md explains them.
"""

from deskpulse.monitoring.rules.plan import Plan
from deskpulse.monitoring.rules.write import differing, other_desk, texts, write

__all__ = ["Plan", "differing", "other_desk", "texts", "write"]
