"""API keys: their form, and the ring of those that are valid."""
