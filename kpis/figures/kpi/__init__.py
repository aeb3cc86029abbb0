"""The KPIs, one file each: what a figure is, which cells it owns, which way is better, and where it appears."""
