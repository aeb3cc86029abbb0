"""Exactness under faults, shown.

Real processes on Apache Kafka are killed, frozen and starved, and every figure must be the oracle's.

`python -m proofs.soak` is the run, `python -m proofs.soak.mutants` shows that it can fail. docs/soak.md says
how to read both. Not shipped.
"""
