"""Settings: typed sections, and how they are loaded."""
