"""Steps from one version of the tables to the next; alembic runs them when a server starts."""
