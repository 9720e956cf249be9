"""From the application to sockets: listening, limits of connections, stopping."""
