"""Monitoring as code: Prometheus rules, Alertmanager configuration and Grafana boards of a policy."""
