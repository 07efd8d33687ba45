"""Schedule: which delivery is attempted next, on which lane."""
