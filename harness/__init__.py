"""A replication engine, scenarios that prove it, and the stack they run on."""
