"""What any backend must do; each interface has one conformance suite in ``tests/contract``."""
