"""Where things are kept: ``open_store`` is the one door."""
