"""Runs at the server: accepted, queued, driven, remembered, cancelled, settled after a crash."""
