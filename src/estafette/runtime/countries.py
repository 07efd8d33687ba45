"""Which country an address is in, from a file that the operator names; without one, nobody is told.

The library is the extra ``geo``, loaded only when the setting names a file.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from estafette.base.errors import ConfigFault
from estafette.relay.feedback.hit_events import Country

_PLACE = "tracking.country_file"


def countries(file: str) -> Country:
    """Return a function from an address to two letters, "" when not known; ConfigFault when the file is no use.

    file: a MaxMind ``.mmdb`` file with ``country.iso_code`` in its records, "" for none.
    """
    if not file:
        return lambda _address: ""
    reader = _open(file)

    def country(address: str) -> str:
        try:
            record = reader.get(address)
        except ValueError:
            return ""
        found = record.get("country") if isinstance(record, dict) else None
        code = found.get("iso_code") if isinstance(found, dict) else None
        return code[:2] if isinstance(code, str) else ""

    return country


def _open(file: str) -> Any:
    try:
        library = importlib.import_module("maxminddb")
    except ImportError:
        raise ConfigFault(
            "the library that reads .mmdb files is missing",
            place=_PLACE,
            fix="install estafette[geo], or empty the setting",
        ) from None
    try:
        return library.open_database(Path(file))
    except (OSError, ValueError, library.InvalidDatabaseError) as error:
        raise ConfigFault(f"the file cannot be read: {error}", place=_PLACE, fix="name a MaxMind .mmdb file") from error
