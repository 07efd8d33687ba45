"""Suppression: what in the log ends mail to an address, and lists that come from elsewhere."""
