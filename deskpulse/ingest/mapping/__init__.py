"""Rows of somebody else's file become events: by a YAML file that says which column means what."""

from deskpulse.ingest.mapping.dirty import DirtyRows, Example
from deskpulse.ingest.mapping.faults import MappingError, MappingFault
from deskpulse.ingest.mapping.load import load_mapping
from deskpulse.ingest.mapping.run import map_file
from deskpulse.ingest.mapping.schema import Mapping

__all__ = ["DirtyRows", "Example", "Mapping", "MappingError", "MappingFault", "load_mapping", "map_file"]
