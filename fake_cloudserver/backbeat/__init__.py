"""The internal routes under ``/_/backbeat``: one module for each family."""
