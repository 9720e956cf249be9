"""What a git checkout changed."""
