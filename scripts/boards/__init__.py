"""The committed boards: their generator, the rules that they keep, and Grafana's variables."""
