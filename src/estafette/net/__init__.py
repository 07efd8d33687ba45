"""Sockets: listening, connecting, TLS, names."""
