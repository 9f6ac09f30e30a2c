"""What replicates one entry, one module for each kind of destination."""
