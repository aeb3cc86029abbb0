"""The face: reads the ledger's view topic and serves the figures to Prometheus and to people.

The only prometheus_client code.
"""
