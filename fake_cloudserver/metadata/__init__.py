"""Metadata: object documents under master and version keys, buckets, listings in key order, and the journal of it all."""
