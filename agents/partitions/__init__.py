"""The partitions that a worker owns: taking over, recovering, applying units of work, writing transactions."""
