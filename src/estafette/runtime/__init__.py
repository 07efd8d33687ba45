"""Assembly, roles, supervision, the system clock."""
