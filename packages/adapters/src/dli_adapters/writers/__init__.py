"""Results to their end: held in memory, previewed, or written to files and pipes."""
