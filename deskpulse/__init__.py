"""The start: settings, command line, composition root, simulator, replay and report."""
