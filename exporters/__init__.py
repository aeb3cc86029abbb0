"""The exporter: reads the ledger's view topic and serves figures to Prometheus and to people.

Only this package knows prometheus_client.
"""
