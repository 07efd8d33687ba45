"""Real servers for tests, each a context manager on loopback addresses of its own."""
