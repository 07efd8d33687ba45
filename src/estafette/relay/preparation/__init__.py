"""Prepare: stored message and recipient become the bytes of one attempt; pure."""
