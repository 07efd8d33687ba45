"""What the ``headers`` of a request say to the service, and what they add to the message."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from estafette.relay.submission.wrong import wrong
from estafette.web.dialects.translation import refused

#: Fields of the service's own; what it has of them beyond those read here is refused, never passed on.
_OWN = ("x-mailin-", "x-sib-", "x-brevo-")
_CUSTOM = "X-Mailin-custom"


class Marks(msgspec.Struct, frozen=True):
    """headers: what stands in the message. key: of idempotency. sandbox: check everything, send nothing."""

    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = {}
    key: str = ""
    sandbox: bool = False


def marks(headers: Mapping[str, str | int | float]) -> Marks:
    """Return what headers mean; Wrong names what is not offered."""
    low = {name.lower(): (name, str(value)) for name, value in headers.items()}
    if len(low) < len(headers):
        raise wrong("duplicate_key", "a name stands twice", "name every header once", "headers")
    _, key = low.pop("idempotencykey", low.pop("idempotency-key", ("", "")))
    _, custom = low.pop("x-mailin-custom", ("", ""))
    _, tag = low.pop("x-mailin-tag", ("", ""))
    sandbox = _sandbox(low.pop("x-sib-sandbox", ("", ""))[1])
    if "sender.ip" in low:
        raise refused("headers.sender.ip", "the service chooses the address it sends from")
    for name, _ in low.values():
        if name.lower().startswith(_OWN):
            raise refused(f"headers.{name[:80]}", "is a field of Brevo that means nothing here")
    return Marks(
        headers=tuple(low.values()), tags=(tag,) if tag else (), metadata={_CUSTOM: custom} if custom else {},
        key=key, sandbox=sandbox,
    )  # fmt: skip


def merged(
    own: Mapping[str, str | int | float], common: Mapping[str, str | int | float]
) -> dict[str, str | int | float]:
    """Return the headers of one version: its own win over those of all, whatever their case."""
    given = {name.lower() for name in own}
    return {**{name: value for name, value in common.items() if name.lower() not in given}, **own}


def _sandbox(value: str) -> bool:
    if value.lower() not in {"", "drop"}:
        raise wrong(
            "invalid_value", f"{value[:40]!r} is not drop", "write drop, or leave it out", "headers.X-Sib-Sandbox"
        )
    return value != ""
