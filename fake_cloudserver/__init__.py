"""A fake Scality CloudServer that a client cannot tell from the real one in what concerns cross-region replication."""
