"""The application: command line, settings, composition root, and what operators use around them."""
