"""Reading: the ledger, the source topics and the consumer group, as far as an exporter asks for them."""
