"""What it means: ticket rows and their merge, observations, the catalogue of KPIs, bands.

Pure: no clock, no network, no logger.
"""
