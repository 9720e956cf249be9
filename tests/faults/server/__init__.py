"""Faults between a real client and a real server: what the engine did is counted in the engine."""
