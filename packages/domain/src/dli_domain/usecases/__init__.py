"""One use case a file: it holds ports and does one thing."""
