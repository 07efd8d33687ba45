from __future__ import annotations

from functools import partial
from typing import Any, cast

import pytest

from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.mail import verp
from estafette.model.address import AddressError, parse_path
from estafette.model.envelope import Envelope, Recipient
from estafette.relay.submission.client import ClientInfo
from estafette.relay.submission.return_gate import MAC_PURPOSE, MacedReturnPathGate

OWN = "bounces.service.test"
# The open-relay table: whatever the spelling, a stranger's recipient is refused.
PROBES = [
    "victim@example.test",
    "victim%example.test@bounces.service.test",
    "victim%example.test@mx1.service.test",
    "victim%example.test",
    '"victim@example.test"@bounces.service.test',
    '"victim@example.test"',
    '"victim%example.test"@bounces.service.test',
    '"victim@example.test"@[127.0.0.1]',
    "victim%example.test@[127.0.0.1]",
    "victim@[192.0.2.1]",
    "victim@[IPv6:2001:db8::1]",
    "@bounces.service.test:victim@example.test",
    "@[127.0.0.1]:victim@example.test",
    "example.test!victim",
    "example.test!victim@bounces.service.test",
    "example.test!victim@[127.0.0.1]",
    "victim@example.test@bounces.service.test",
    "victim@localhost",
    "postmaster@example.test",
    "=?utf-8?q?victim=40example=2Etest?=@bounces.service.test",
    "r0000000000000000@bounces.service.test",
    "anyone@mx1.service.test",
]


class Shelf:
    """Keeps what the gate hands to the spool."""

    def __init__(self) -> None:
        self.kept: list[tuple[Any, Any]] = []

    async def keep_return(self, content, event: bytes) -> None:
        self.kept.append((content, event))


class Still:
    def now(self) -> float:
        return 1_700_000_000.0

    def monotonic(self) -> float:
        return 1.0


def gate(ring: Keyring, shelf: Shelf) -> MacedReturnPathGate:
    clock = Still()
    return MacedReturnPathGate(
        spool=cast("Any", shelf),
        keyring=ring,
        clock=clock,
        mint=Mint(clock.now),
        hostname="mx1.service.test",
        return_path=OWN,
    )


@pytest.fixture
def ring(tmp_path) -> Keyring:
    return Keyring.create(tmp_path / "keyring")


@pytest.mark.parametrize("probe", PROBES)
def test_relay_probes(ring: Keyring, probe: str) -> None:
    with pytest.raises((Refusal, AddressError)) as caught:
        gate(ring, Shelf()).check_recipient(parse_path(probe))
    if isinstance(caught.value, Refusal):
        assert str(caught.value) == "550 5.7.1 relaying denied"


@pytest.mark.parametrize("own", ["postmaster@bounces.service.test", "Abuse@mx1.service.test"])
def test_the_roles_every_domain_answers_to(ring: Keyring, own: str) -> None:
    gate(ring, Shelf()).check_recipient(parse_path(own))


def test_a_return_path_of_a_retired_key_in_capitals(ring: Keyring) -> None:
    path = verp.make(partial(ring.mac, MAC_PURPOSE), 1 << 40, 7, OWN)
    gate(ring.rotate(), Shelf()).check_recipient(parse_path(path.upper()))


def test_every_changed_character_is_refused(ring: Keyring) -> None:
    path = verp.make(partial(ring.mac, MAC_PURPOSE), 1 << 40, 7, OWN)
    local, _, domain = path.partition("@")
    door = gate(ring, Shelf())
    # The last base32 character of a group carries spare bits, so only the earlier ones must all matter.
    for place in range(len(local) - 1):
        changed = local[:place] + ("a" if local[place] != "a" else "b") + local[place + 1 :]
        with pytest.raises(Refusal):
            door.check_recipient(parse_path(f"{changed}@{domain}"))


async def test_what_comes_back_is_kept_whole_with_whom_it_came_to(ring: Keyring) -> None:
    shelf = Shelf()
    path = verp.make(partial(ring.mac, MAC_PURPOSE), 1 << 40, 7, OWN)
    body = b"From: x@remote.test\r\n\r\nNo such user\r\n"
    await gate(ring, shelf).finish(Envelope("", (Recipient(path, OWN),)), body, ClientInfo(address="192.0.2.1"))
    ((content, event),) = shelf.kept
    assert content.body.endswith(body)
    assert content.body.startswith(b"Received: ")
    assert (content.came_to, event) == ((path,), b"")


def test_a_door_opens_to_addresses_that_others_read(ring: Keyring) -> None:
    clock = Still()
    door = MacedReturnPathGate(
        spool=cast("Any", Shelf()), keyring=ring, clock=clock, mint=Mint(clock.now), hostname="mx1.service.test",
        return_path=OWN, doors=(lambda address: address.local == "leave",),
    )  # fmt: skip
    door.check_recipient(parse_path(f"leave@{OWN}"))
    with pytest.raises(Refusal):
        door.check_recipient(parse_path(f"left@{OWN}"))
