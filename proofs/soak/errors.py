"""What makes a soak red."""


class SoakError(Exception):
    """A promise was broken, or the run could not be had; the text says which."""
