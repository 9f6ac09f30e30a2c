"""The S3 API: one module for each family of operations."""
