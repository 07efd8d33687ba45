"""The dictionary: one noun per file, no behaviour beyond its own meaning."""
