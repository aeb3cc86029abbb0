"""The KPIs, one file each: their figures, the cells they own, which way is better, and where they appear."""
