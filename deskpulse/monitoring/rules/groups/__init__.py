"""The groups of rules: pipeline, meta, SLA, scores, volume, and what boards and walls read."""
