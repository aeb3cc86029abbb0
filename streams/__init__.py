"""The event contract: event types, the decoder, rejects, topics and their specifications.

Knows no Kafka client and no Faust.
"""
