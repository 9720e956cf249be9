"""Template and values in, SQL text with a map back to its source out."""
