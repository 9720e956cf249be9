"""Deadlines, cancellation and signals around any executor."""
