"""Fixtures of the fault tests."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from tests.fault.rig import FaultRig


@pytest.fixture
def fault_rig(folder, certificates, dns) -> Iterator[FaultRig]:
    """The service, a bookkeeping receiver and client; nothing started yet; ends with the ledger."""
    with FaultRig(folder / "service", certificates, dns) as rig:
        yield rig


@pytest.fixture
def record(record_property) -> Callable[[Mapping[str, int]], None]:
    """Put counts into the test's report, where ``make soak`` finds them."""

    def note(counts: Mapping[str, int]) -> None:
        for name, number in counts.items():
            record_property(name, number)

    return note
