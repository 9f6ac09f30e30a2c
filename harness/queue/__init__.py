"""The Kafka seam: topics, keyed ordered consumption, offsets; a real and an in-memory twin."""
