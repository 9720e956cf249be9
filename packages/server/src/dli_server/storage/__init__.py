"""What the server remembers: tables, migrations, connections."""
