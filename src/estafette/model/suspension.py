"""A suspension: mail that a rule has stopped, with the figures that led to it."""

from __future__ import annotations

import msgspec


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """A pause of a credential, of a stream, or (both empty) of the whole tenant.

    rule: name in ``trust.toml``, or ``operator``. numbers: the figures, as text. messages: ids of messages concerned,
    the first ones. until: what waits is kept until then, and cancelled after, unix seconds; 0 = it was released. ended:
    when it was lifted.
    told: when the owner was told of it.
    """

    id: str
    tenant: str
    stream: str = ""
    credential: str = ""
    rule: str = "operator"
    numbers: dict[str, str] = {}
    messages: tuple[int, ...] = ()
    created: float = 0.0
    until: float = 0.0
    ended: float | None = None
    told: float | None = None

    @property
    def released(self) -> bool:
        """Whether what waits may leave, although nothing new is taken."""
        return not self.until

    @property
    def what(self) -> str:
        """Name what is stopped, in words."""
        if self.credential:
            return f"the credential {self.credential}"
        return f"the stream {self.stream}" if self.stream else "the account"
