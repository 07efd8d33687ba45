"""The checks of ``doctor``: machine, doors, certificates, names, receivers."""
