"""Prometheus's rules and Alertmanager's configuration, made from the SLA policy. docs/alerts.md explains them."""

from deskpulse.rules.plan import Plan
from deskpulse.rules.write import differing, other_desk, texts, write

__all__ = ["Plan", "differing", "other_desk", "texts", "write"]
