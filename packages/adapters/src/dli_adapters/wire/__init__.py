"""What travels between `dli` and its server: messages, failures, and framed results."""
