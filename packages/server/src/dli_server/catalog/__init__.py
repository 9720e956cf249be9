"""The catalog of the tables that the server runs on."""
