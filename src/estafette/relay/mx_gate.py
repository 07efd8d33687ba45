"""The gate of the ``mx`` listeners: what comes back to us, and what comes in by a tenant's routes.

Nothing is ever accepted and bounced later: what a company's own server is to have is handed over while the sender
waits, and its answer is ours. So one transaction has one destination; a recipient of another is put off with 452, and
its sender's server brings it in a transaction of its own (RFC 5321 section 4.5.3.1.10).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from estafette.base import ids
from estafette.base.clock import Clock
from estafette.base.errors import Refusal
from estafette.base.metrics import counter
from estafette.mail.received import received
from estafette.model.address import Address
from estafette.model.envelope import Envelope, Recipient
from estafette.model.event import Reply
from estafette.model.route import Route, choose
from estafette.relay.inbound.forward import Forward, refusal
from estafette.relay.inbound.forwarding import Forwarding
from estafette.relay.inbound.handed import Handed
from estafette.relay.inbound.keeping import Keeping, Share, message
from estafette.relay.inbound.letter import Letter
from estafette.relay.inbound.screening import Screening
from estafette.relay.inbound.target import read_target
from estafette.relay.submission.client import ClientInfo
from estafette.relay.submission.return_gate import MacedReturnPathGate
from estafette.smtp.events import MailFrom

#: Destination of all that stays here.
_HERE = ""
#: The reply of RFC 5321 to a recipient who would get the message but for the others.
_APART = Refusal(
    452, "4.5.3", "this recipient's mail goes elsewhere: send it in a transaction of its own", rule="one_destination"
)

_taken = counter("inbound_recipients", "Recipients of tenants' domains, by what became of them.", "what")


class MxGate:
    """``ReturnPathGate`` of a service whose tenants have routes.

    returns: takes what comes back. routes: of a domain, () when nobody has proved it, or has any.
    """

    def __init__(
        self, *, returns: MacedReturnPathGate, routes: Callable[[str], Sequence[Route]], forwarding: Forwarding,
        screening: Screening, keeping: Keeping, clock: Clock,
    ) -> None:  # fmt: skip
        self.returns = returns
        self.routes = routes
        self.forwarding = forwarding
        self.screening = screening
        self.keeping = keeping
        self.clock = clock
        self.handed = Handed()

    def transaction(self, mail: MailFrom, _client: ClientInfo) -> MxVisit:
        """See ``ReturnPathGate``."""
        return MxVisit(self, mail)


class MxVisit:
    """``MxTransaction``: recipients of one destination, and the route by which each of them came."""

    def __init__(self, gate: MxGate, mail: MailFrom) -> None:
        self._gate = gate
        self._mail = mail
        self._destination: str | None = None
        self._by_route: dict[str, Route] = {}
        self._forward: Forward | None = None

    def check_recipient(self, recipient: Address, asked: Recipient) -> Awaitable[None] | None:
        """See ``MxTransaction``. A route that names an address outright goes before our own use of it."""
        routes = self._gate.routes(recipient.domain)
        route = choose(routes, recipient.local)
        if (route is None or "*" in route.pattern) and self._gate.returns.takes(recipient):
            self._stay(_HERE)
            return None
        if not routes or (recipient.has_routing and (route is None or "*" in route.pattern)):
            # RFC 5321 appendix C: behind us a careless server might pass a%b on to b.
            self._gate.returns.check_recipient(recipient)
        if route is None:
            raise _no("unknown", Refusal(550, "5.1.1", "no such address here", rule="no_route"))
        if route.way == "reject":
            words = route.target or "this address takes no mail"
            raise _no("rejected", Refusal(550, "5.7.1", words, rule="route_rejects"))
        return self._by(route, asked)

    def _by(self, route: Route, asked: Recipient) -> Awaitable[None] | None:
        if route.way == "forward":
            self._stay(f"{route.tenant} {route.target}")
            return self._ask(route, asked)
        self._stay(_HERE)
        self._by_route[asked.address] = route
        return None

    def _stay(self, destination: str) -> None:
        """Have one destination: that of the first recipient who was taken."""
        if self._destination is not None and self._destination != destination:
            if self._destination == _HERE or (self._forward is not None and self._forward.accepted):
                raise _APART
            self.abandon()
        self._destination = destination

    async def _ask(self, route: Route, asked: Recipient) -> None:
        forward = self._forward
        if forward is None:
            forward = self._forward = Forward(self._gate.forwarding, read_target(route.target), self._mail)
        try:
            await forward.recipient(asked)
        except Refusal as against:
            raise _no("put_off" if against.temporary else "refused_by_server", against) from None
        self._by_route[asked.address] = route

    async def finish(self, envelope: Envelope, body: bytes, client: ClientInfo) -> None:
        """See ``MxTransaction``."""
        if not self._by_route:
            await self._gate.returns.finish(envelope, body, client)
            return
        letter = self._letter(envelope, self._gate.screening.cleaned(body), client)
        added = await self._gate.screening.look(letter)
        if self._forward is not None:
            await self._hand(self._forward, letter, added)
            return
        await self._keep(letter, added)
        back = tuple(each for each in envelope.recipients if each.address not in self._by_route)
        if back:
            # Under an id of its own: the first share of the message has the one that the client is told.
            again = _renumbered(client)
            await self._gate.returns.finish(Envelope(envelope.sender, back, envelope.body), body, again)

    def abandon(self) -> None:
        """See ``MxTransaction``."""
        forward, self._forward = self._forward, None
        if forward is not None:
            forward.close()

    async def _keep(self, letter: Letter, added: bytes) -> None:
        addresses = [each.address for each in letter.envelope.recipients if each.address in self._by_route]
        await self._gate.keeping.keep(letter, added, self._shares(addresses))
        _taken.labels("kept").inc(len(addresses))

    async def _hand(self, forward: Forward, letter: Letter, added: bytes) -> None:
        """Hand over, and answer as the company's server did.

        One temporary no makes the whole temporary, and whoever has the message is passed over when it comes again;
        a final no beside a yes cannot be told, so that the message is kept for its recipient to be shown.
        """
        gate, sender, now = self._gate, letter.envelope.sender, self._gate.clock.monotonic()
        have = gate.handed.has(sender, [each.address for each in forward.accepted], letter.body, now)
        left = [each for each in forward.accepted if each.address not in have]
        if not left:
            return
        replies = await forward.deliver(message(letter, added), left)
        said = {each.address: reply for each, reply in zip(forward.accepted, replies, strict=True)}
        got, put_off, refused = _sorted(said)
        _taken.labels("handed").inc(len(got))
        await gate.keeping.note(letter, added, self._shares(got))
        if put_off or refused:
            gate.handed.note(sender, got, letter.body, now)
        if put_off:
            raise _no("put_off", refusal(said[put_off[0]]))
        if refused and not got and not have:
            raise _no("refused_by_server", refusal(said[refused[0]]))
        if refused:
            await gate.keeping.keep(gate.keeping.renumbered(letter), added, self._shares(refused))
            _taken.labels("parked").inc(len(refused))

    def _shares(self, addresses: Iterable[str]) -> list[Share]:
        """Return each route with those of the addresses that came by it."""
        shares: dict[str, tuple[Route, list[str]]] = {}
        for address in addresses:
            route = self._by_route[address]
            shares.setdefault(route.id, (route, []))[1].append(address)
        return [(route, tuple(dict.fromkeys(found))) for route, found in shares.values()]

    def _letter(self, envelope: Envelope, body: bytes, client: ClientInfo) -> Letter:
        now = self._gate.clock.now()
        trace = received(
            helo=client.helo, client=client.address, hostname=client.hostname, protocol=client.protocol,
            tls=client.tls, shown=ids.show(client.message), at=now,
        )  # fmt: skip
        return Letter(
            message=client.message, at=now, envelope=envelope, body=body, trace=trace, address=client.address,
            helo=client.helo,
        )  # fmt: skip


def _sorted(said: dict[str, Reply]) -> tuple[list[str], list[str], list[str]]:
    """Return who got it, who is to be tried again, who is refused."""
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    for address, reply in said.items():
        kinds[{2: 0, 4: 1}.get(reply.code // 100, 2)].append(address)
    return kinds


def _no(what: str, against: Refusal) -> Refusal:
    _taken.labels(what).inc()
    return against


def _renumbered(client: ClientInfo) -> ClientInfo:
    return ClientInfo(
        address=client.address, port=client.port, helo=client.helo, tls=client.tls, protocol=client.protocol,
        hostname=client.hostname,
    )  # fmt: skip
