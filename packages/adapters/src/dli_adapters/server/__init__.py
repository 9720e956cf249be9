"""Basecamp over HTTP."""
