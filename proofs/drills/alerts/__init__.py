"""The alerts for real: `make e2e-alerts`, `python -m proofs.drills.alerts`.

Apache Kafka, a worker, two exporters, Prometheus, Alertmanager and a receiver of its webhooks, on loopback,
once for each scenario; the simulator's desk slips, stays calm, is cut off or loses a source, and what is
delivered must be what was expected, in time.
"""
