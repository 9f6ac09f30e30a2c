"""The rules of replication, free of IO: bucket configurations and the ``replicationInfo`` of objects."""
