"""Two desks on one Prometheus and one Alertmanager (`make e2e-desks`).

Each alert reaches its own receiver and mutes none of another desk.
"""
