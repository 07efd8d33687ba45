"""Deliver: MX, TLS, connection, attempt, verdict."""
