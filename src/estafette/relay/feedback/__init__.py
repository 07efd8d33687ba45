"""What comes back, and who is told."""
