"""JSON Schemas of the event contract, one a source topic, for producers in any language.

`python -m scripts.schemas` makes them.
"""
