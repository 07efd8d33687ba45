"""The tables of the classifier, and the networks that the operator adds to them."""

from __future__ import annotations

from pathlib import Path

from estafette.base.errors import ConfigFault
from estafette.tracking import lists
from estafette.tracking.lists import Lists


def lists_of(networks_file: str) -> Lists:
    """Return the shipped tables and what ``tracking.networks_file`` adds; ConfigFault when a file is no use."""
    if not networks_file:
        return lists.load()
    try:
        return lists.load(Path(networks_file).read_bytes(), place=networks_file)
    except OSError as error:
        raise ConfigFault(
            f"the file cannot be read: {error.strerror}", place="tracking.networks_file", fix="name a file, or none"
        ) from error
