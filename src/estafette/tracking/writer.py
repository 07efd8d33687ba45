"""Our addresses in a recipient's message: what each of its spots leads to, and under which of our hosts."""

from __future__ import annotations

from functools import partial
from typing import Literal
from urllib.parse import quote

from estafette.base import ids
from estafette.base.seal import Keyring
from estafette.mail import list_unsubscribe
from estafette.mail.list_unsubscribe import Leaver
from estafette.model.message import Content, Delivery
from estafette.tracking import token
from estafette.tracking.plan import Plan
from estafette.tracking.token import LinkKind, Target

#: Purpose of the keyring: tags of the addresses at which recipients unsubscribe by mail.
MAIL_PURPOSE = "unsubscribe"
_PATHS = {"click": "/c/", "open": "/o/", "view": "/v/", "unsubscribe": "/u/"}


class Writer:
    """Seals targets. public_url: under which they stand when a message names no host of its own.

    An address of ours is made of letters that need no escape, in markup or elsewhere.
    """

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._public_url = quote(public_url.rstrip("/"), safe=":/[]%")

    def base(self, content: Content) -> str:
        """Return ``https://HOST`` under which a message's addresses stand."""
        return content.tracking_url or self._public_url

    def addresses(self, plan: Plan, content: Content, delivery: Delivery) -> list[str]:
        """Return an address for each spot of a plan, "" for those that stay as they are for this recipient."""
        own = self._own(plan, content, delivery)
        if delivery.tracking == "individual":
            return self._measured(plan, own, content, delivery)
        if delivery.tracking == "aggregate" and (content.campaign or content.template or content.tags):
            # Equal for all recipients, so that it is sealed once for all of them.
            current = self._keyring.current
            shared = plan.kept.get(current)
            if shared is None:
                shared = plan.kept[current] = self._measured(plan, dict.fromkeys(plan.own, ""), content, None)
            return [own.get(spot.kind) or address for spot, address in zip(plan.spots, shared, strict=True)]
        return [own.get(spot.kind, "") for spot in plan.spots]

    def own(self, kind: Literal["view", "unsubscribe"], content: Content, delivery: Delivery) -> str:
        """Return the address of a page of the recipient's own; these are no measuring."""
        return self.base(content) + _PATHS[kind] + self._token(kind, content, delivery)

    def mailbox(self, content: Content, delivery: Delivery, domain: str) -> str:
        """Return the address at which this recipient unsubscribes by mail, the same at each attempt.

        "" for mail of no tenant. domain: of return paths, whose mail comes back to us.
        """
        try:
            tenant = ids.read(content.tenant)
        except ValueError:
            return ""
        person = token.person_of(self._keyring, content.tenant, delivery.address)
        mac = partial(self._keyring.mac, MAIL_PURPOSE, length=list_unsubscribe.TAG)
        return list_unsubscribe.address(mac, Leaver(tenant, content.id, person), domain)

    def complaint(self, content: Content, delivery: Delivery) -> str:
        """Return what a complaint about this recipient's copy is known by, the same at each attempt."""
        return self._token("complaint", content, delivery)

    def _token(self, kind: LinkKind, content: Content, delivery: Delivery) -> str:
        person = token.person_of(self._keyring, content.tenant, delivery.address)
        said = (content.tenant, content.stream, content.id, delivery.number, person)
        return token.write(self._keyring, Target(kind, *said, topic=content.topic))

    def _own(self, plan: Plan, content: Content, delivery: Delivery) -> dict[str, str]:
        return {kind: self.own(kind, content, delivery) for kind in plan.own}

    def _measured(
        self, plan: Plan, own: dict[str, str], content: Content, delivery: Delivery | None
    ) -> list[str]:  # fmt: skip
        """Return the addresses for one recipient, or those that all share and that name only what they count for."""
        base, tenant, stream, links = self.base(content), content.tenant, content.stream, plan.links
        message, number, person, labels = 0, 0, b"", _group(content)
        if delivery is not None:
            message, number = content.id, delivery.number
            person = token.person_of(self._keyring, tenant, delivery.address)
            labels = (content.campaign, content.template, content.tags)
        prefixes = {kind: base + path for kind, path in _PATHS.items()}
        write = token.writer(self._keyring)
        said = (tenant, stream, message, number, person, *labels)
        return [
            own[spot.kind] if spot.kind in own
            else prefixes[spot.kind] + written
            if len(written := write(Target(spot.kind, *said, spot.link, spot.url, "", links))) <= token.LONGEST
            else ""
            for spot in plan.spots
        ]  # fmt: skip


def _group(content: Content) -> tuple[str, str, tuple[str, ...]]:
    """Return what an aggregate hit counts for: the campaign, else the template, else the first tag."""
    if content.campaign:
        return (content.campaign, "", ())
    return ("", content.template, ()) if content.template else ("", "", content.tags[:1])
