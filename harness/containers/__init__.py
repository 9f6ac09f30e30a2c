"""The parts of a stack in containers."""
