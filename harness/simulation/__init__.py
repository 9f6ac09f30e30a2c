"""Simulation: a whole stack on one thread and a virtual clock, broken at random, and checked; a seed repeats a run."""
