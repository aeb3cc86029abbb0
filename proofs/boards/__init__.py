"""The boards on a real Prometheus and in Grafana's own frontend, against the oracle."""
