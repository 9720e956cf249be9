"""What was run at the server, for who may see it."""
