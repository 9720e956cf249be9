"""Adapters that hold everything in memory: for tests of users, and for ours."""
