"""Metadata: object documents under master and version keys, buckets, sorted listings, and the journal of it all."""
