"""The application: command line, settings and composition root, and what operators use around the worker and exporter."""
