"""Generators of committed files, and checks of the tree."""
