"""The sandbox over HTTP: its door, its routes, its page, its server."""
