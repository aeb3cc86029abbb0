"""`deskpulse demo`: the whole of it on one machine, and the proof that its figures are right."""

from deskpulse.lab.demo.run import run

__all__ = ["run"]
