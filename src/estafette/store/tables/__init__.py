"""Control data: one definition for both engines, with its migrations."""
