"""A clock of the service's own, and waiting for what it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.servers import packages
from tests.servers.rig import Rig


def faked(rig: Rig, moment: str) -> Callable[[str], None]:
    """Stop the service and give it a clock of its own; return what sets that clock while the service runs."""
    library = next(packages.TREE.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))
    file = rig.service.folder / "now"

    def set_to(moment: str) -> None:
        file.write_text(f"@{moment}\n")

    set_to(moment)
    rig.service.stop()
    rig.service.environment = {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1", "TZ": "UTC",
    }  # fmt: skip
    return set_to


def until(check: Callable[[], Any], within: float = 30.0) -> Any:
    """Return the first answer that is not empty; AssertionError when none comes in time."""
    end = time.monotonic() + within
    while not (found := check()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found
