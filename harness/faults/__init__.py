"""Faults on purpose: rules that say what is to go wrong, and the seams at which they are applied."""
