"""Where tables and columns come from: read off syntax trees, no engine asked."""
