"""The SMTP protocol without sockets: grammar, server, client, data, SASL, replies."""
