"""The stores of the relay's tests."""

from tests.unit.store.conftest import clock, store

__all__ = ["clock", "store"]
