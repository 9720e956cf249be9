"""The same work on many things by several processes."""
