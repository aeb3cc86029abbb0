"""What surrounds deskpulse, examined: each thing looked at is one finding with its fix."""

from deskpulse.doctor.examine import examine
from deskpulse.doctor.finding import Finding

__all__ = ["Finding", "examine"]
