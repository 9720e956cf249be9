"""The server of dli: runs what is registered, for who holds no credentials."""

__version__ = "0.1.0"
