"""The scenario language and its runner."""
