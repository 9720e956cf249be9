"""What `dli workflow` does and shows."""
