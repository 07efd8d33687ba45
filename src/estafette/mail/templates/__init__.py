"""Templates of customers: a small language with hard limits, the same output for the same values every time. Pure."""
