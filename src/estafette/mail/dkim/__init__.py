"""DKIM (RFC 6376, RFC 8463): keys, canonical forms, signatures."""
