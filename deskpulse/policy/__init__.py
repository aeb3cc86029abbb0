"""The SLA policy file: read, checked, compared. The manual is `examples/policy.yaml`."""

from deskpulse.policy.build import build
from deskpulse.policy.load import PolicyError, load_file, load_policy
from deskpulse.policy.schema import PolicyFile

__all__ = ["PolicyError", "PolicyFile", "build", "load_file", "load_policy"]
