"""Who asked for what, written so that a change afterwards shows."""
