"""The replication engine: queue populator, queue processor, status processor and their tasks."""
