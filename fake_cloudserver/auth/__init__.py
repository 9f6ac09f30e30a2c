"""Who asks, and may they: signatures v4 and v2, presigned URLs, streaming bodies, accounts, permissions."""
