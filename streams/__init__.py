"""What arrives: event types, the total decoder, rejects and topic specifications.

Knows no Kafka client and no Faust.
"""
