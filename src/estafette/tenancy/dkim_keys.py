"""DKIM keys of a domain: made, sealed, and moved through their stages.

next: its record is published ahead · active: signs, once its record was seen · retiring: signs no more, but mail under
way still needs its record · retired: may be taken out of the DNS.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from estafette.base.errors import Fault
from estafette.mail.dkim.keys import generate_ed25519, generate_rsa, public_record
from estafette.model.domain import Domain, KeyKind, KeyStage
from estafette.store.interface.directory import KEY_PURPOSE, key_context
from estafette.store.interface.records import SealedKey
from estafette.tenancy.office import Office, Resource, moment, new_secret

#: Seconds after which a key that signs is replaced, and how long the record of the one before stays: mail is tried for
#: five days, and readers' servers may look a while later.
SIGNS = 180 * 86_400.0
RETIRES = 8 * 86_400.0


def pair(office: Office, tenant: str, domain: str, *, ed25519: bool, seen: float = 0.0) -> list[SealedKey]:
    """Return the keys of a new domain: one that signs and one that follows, so that the first turn needs no step."""
    kinds: tuple[KeyKind, ...] = ("rsa", "ed25519") if ed25519 else ("rsa",)
    stages: tuple[KeyStage, ...] = ("active", "next")
    return [fresh(office, tenant, domain, kind, stage, seen=seen) for kind in kinds for stage in stages]


def fresh(
    office: Office, tenant: str, domain: str, kind: KeyKind, stage: KeyStage, *, selector: str = "", seen: float = 0.0
) -> SealedKey:
    """Return a new key; without a selector it gets one that nobody had."""
    private = generate_rsa() if kind == "rsa" else generate_ed25519()
    selector = selector or f"e{new_secret()[:8]}"
    return SealedKey(
        tenant=tenant, domain=domain, selector=selector, kind=kind, stage=stage,
        sealed=office.keyring.seal(KEY_PURPOSE, private, key_context(tenant, domain, selector)),
        record=public_record(private), created=office.now(), since=office.now(), seen=seen,
    )  # fmt: skip


def turn(office: Office, domain: Domain, keys: Sequence[SealedKey]) -> tuple[list[SealedKey], list[SealedKey]]:
    """Return (new, changed) keys of a rotation: the next ones sign from now on. Fault when no record was seen."""
    new: list[SealedKey] = []
    changed: list[SealedKey] = []
    for kind in dict.fromkeys(key.kind for key in keys if key.stage == "active"):
        ready = next((key for key in keys if key.kind == kind and key.stage == "next" and key.seen), None)
        if ready is None:
            waiting = [f"{key.selector}._domainkey.{domain.name}" for key in keys if key.stage == "next"]
            raise Fault(
                f"the record of the next {kind} key of {domain.name} was not seen yet",
                place=", ".join(waiting) or "DOMAIN",
                fix="publish it and verify the domain; until then the old key signs",
            )
        changed.append(stage(office, ready, "active"))
        changed += [
            stage(office, key, "retiring", RETIRES) for key in keys if key.kind == kind and key.stage == "active"
        ]
        if not domain.label:
            new.append(fresh(office, domain.tenant, domain.name, kind, "next"))
    return new, changed


def retire(office: Office, domain: Domain, key: SealedKey) -> SealedKey:
    """Return a key whose time is over; behind an alias its selector gets a fresh key, and the owner has no step."""
    if domain.label:
        made = fresh(office, domain.tenant, domain.name, key.kind, "next", selector=key.selector)
        return msgspec.structs.replace(made, version=key.version)
    return stage(office, key, "retired")


def stage(office: Office, key: SealedKey, name: KeyStage, lasts: float = 0.0) -> SealedKey:
    """Return a key in another stage, which ends by itself after so many seconds; 0 = by a decision."""
    now = office.now()
    return msgspec.structs.replace(key, stage=name, since=now, until=now + lasts if lasts else None)


def shown(key: SealedKey) -> Resource:
    """Return what may be told of a key."""
    return {
        "selector": key.selector,
        "kind": key.kind,
        "stage": key.stage,
        "since": moment(key.since),
        "until": moment(key.until),
        "seen": moment(key.seen),
    }
