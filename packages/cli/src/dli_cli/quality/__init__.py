"""What the commands of `dli quality` do and show."""
