"""The boards themselves: wall, team, SLA, pipeline, definitions."""
