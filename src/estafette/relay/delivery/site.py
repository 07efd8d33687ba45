"""The name of a site: what shares connections, limits and a queue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

MAX_NAME = 200


def site_name(hosts: Iterable[str], providers: Sequence[tuple[str, str]]) -> str:
    """Return the provider whose suffix the best MX host has, else the MX set itself, sorted and joined.

    providers: (suffix, name), such as ("mail.protection.outlook.com", "microsoft365"). Suffixes match whole labels.
    """
    names = list(dict.fromkeys(hosts))
    for host in names[:1]:
        dotted = f".{host}"
        for suffix, provider in providers:
            if dotted.endswith("." + suffix.lstrip("*.").lower()):
                return provider
    joined = ",".join(sorted(names))
    if len(joined) <= MAX_NAME:
        return joined
    digest = hashlib.sha256(joined.encode()).hexdigest()[:16]
    return f"{joined[: MAX_NAME - 17]}~{digest}"
