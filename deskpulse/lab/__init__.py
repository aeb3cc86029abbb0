"""The laboratory: a simulated desk, the demo, and a local Apache Kafka."""
