"""The built-in wall: what a screen shows of a choice, and how it is pushed to browsers."""
