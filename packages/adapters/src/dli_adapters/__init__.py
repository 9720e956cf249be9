"""Adapters of dli: engines, files, configuration. The registry is the way in."""
