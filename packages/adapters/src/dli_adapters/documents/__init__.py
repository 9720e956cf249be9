"""YAML documents with the place of every key and value; a layer below the adapters."""
