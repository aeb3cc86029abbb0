"""Rows of somebody else's file become events: by a YAML file that says which column means what."""

from deskpulse.mapping.dirty import DirtyRows, Example
from deskpulse.mapping.faults import Fault, MappingError
from deskpulse.mapping.load import load_mapping
from deskpulse.mapping.run import map_file
from deskpulse.mapping.schema import Mapping

__all__ = ["DirtyRows", "Example", "Fault", "Mapping", "MappingError", "load_mapping", "map_file"]
