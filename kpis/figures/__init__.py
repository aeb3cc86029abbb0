"""The figures: the catalogue of KPIs, the live view, the batch, history, trends and what changed."""
