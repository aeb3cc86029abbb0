"""The SLA policy file: read, checked, compared. The manual is `examples/policy.yaml`."""

from deskpulse.policy.build import build
from deskpulse.policy.load import PolicyError, desk_policy, load_file, load_policy
from deskpulse.policy.schema import PolicyFile
from deskpulse.policy.zone import DeskZone, desk_zone

__all__ = [
    "DeskZone",
    "PolicyError",
    "PolicyFile",
    "build",
    "desk_policy",
    "desk_zone",
    "load_file",
    "load_policy",
]
