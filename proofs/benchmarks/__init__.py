"""How fast it is, as ratios: `make bench` (docs/benchmarks.md says what is measured and how to read it)."""
