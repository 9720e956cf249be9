"""Workflows at the server: what it writes down, and what takes backfills forward."""
