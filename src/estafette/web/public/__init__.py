"""What recipients reach."""
