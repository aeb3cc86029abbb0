"""The hands: everything that knows Faust. Chunks of Kafka records in, ledger rows out, exactly once."""
