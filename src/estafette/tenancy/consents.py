"""Consents: who may be measured, written down with what was asked, how and when. No address is kept, only its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from estafette.base.errors import Fault
from estafette.model.address import AddressError, parse_path
from estafette.model.consent import ANSWERS, Consent, ConsentAct, ConsentState
from estafette.store.interface.page import FIRST, Page
from estafette.store.interface.records import AuditEntry
from estafette.tenancy.office import Office, Resource, listing, moment
from estafette.tracking.token import person_of

#: Answers that are taken at once.
MOST = 1_000
METHOD_LENGTH = 64
TEXT_LENGTH = 4_000
_DIGEST = 16


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said. method: how, such as ``form``. text: what was shown when it was asked, "" for nothing.

    at: when, unix seconds, 0 = now. Of two answers the later one counts, whichever is told first.
    """

    address: str
    state: ConsentState
    at: float = 0.0
    method: str = "api"
    text: str = ""


def record(office: Office, tenant: str, answer: Answer) -> Resource:
    """Write one answer down; it takes effect within seconds, for mail already sent too. AddressError, Fault.

    Return the state with its proof.
    """
    owner = office.tenant(tenant).id
    act = _act(office, owner, answer)
    entry = office.entry(
        "consent.record", tenant=owner, subject=act.person.hex(), detail=f"{act.state} by {act.method}"
    )
    office.control.consents.record([act], _texts([answer]), entry)
    return _proved(office, owner, act.person)


def record_all(office: Office, tenant: str, answers: Sequence[Answer]) -> Resource:
    """Write up to 1,000 answers down, all or none; return the states, in order. Fault names the one that is wrong."""
    owner = office.tenant(tenant).id
    if not 0 < len(answers) <= MOST:
        raise Fault(f"between 1 and {MOST} answers are taken at once", place="consents", fix="split them")
    acts = [_placed(office, owner, answer, number) for number, answer in enumerate(answers)]
    entry = office.entry("consent.record", tenant=owner, subject=f"{len(acts)} persons", detail=_sums(acts))
    return listing([_shown(each) for each in office.control.consents.record(acts, _texts(answers), entry)])


def withdraw(office: Office, tenant: str, person: bytes, *, at: float, method: str = "link") -> None:
    """Write down that a recipient (``person_of``) withdrew by a link of a mail. at: when; telling it twice is safe.

    Nothing happens for a tenant that is no more.
    """
    entry = AuditEntry(
        at=office.now(),
        actor="recipient",
        action="consent.withdraw",
        tenant=tenant,
        subject=person.hex(),
        detail=method,
    )
    act = ConsentAct(
        tenant=tenant, person=person, state="withdrawn", at=at, recorded=office.now(), method=method, by="recipient"
    )  # fmt: skip
    if office.control.lists.tenant(tenant) is not None:
        office.control.consents.record([act], {}, entry)


def show(office: Office, tenant: str, address: str) -> Resource:
    """Return what holds for an address, ``unknown`` when it never said anything, with its proof. AddressError."""
    owner = office.tenant(tenant).id
    return _proved(office, owner, _person(office, owner, address))


def list_all(office: Office, tenant: str, *, page: Page = FIRST, state: ConsentState | None = None) -> Resource:
    """Return a page of those who said something, by their hash. state: only these."""
    found = office.control.consents.list(page, tenant=office.tenant(tenant).id, state=state)
    return listing([_shown(each) for each in found.items], found.next)


def _placed(office: Office, tenant: str, answer: Answer, number: int) -> ConsentAct:
    try:
        return _act(office, tenant, answer)
    except AddressError as error:
        raise _wrong(f"consents.{number}.address", str(error), "correct it, or leave it out") from None
    except Fault as fault:
        raise _wrong(f"consents.{number}.{fault.place}", fault.cause, fault.fix) from None


def _act(office: Office, tenant: str, answer: Answer) -> ConsentAct:
    if answer.state not in ANSWERS:
        raise _wrong("state", f"{answer.state!r} is no answer", f"choose one of {', '.join(ANSWERS)}")
    if not 0 < len(answer.method) <= METHOD_LENGTH or not answer.method.isprintable():
        raise _wrong("method", f"a method has 1 to {METHOD_LENGTH} printable characters", "such as form, or phone")
    if len(answer.text) > TEXT_LENGTH or "\0" in answer.text:
        raise _wrong("text", f"a text has at most {TEXT_LENGTH} characters", "shorten it")
    if not 0.0 <= answer.at <= office.now():
        raise _wrong("at", "an answer was given in the past", "leave it out for now")
    return ConsentAct(
        tenant=tenant, person=_person(office, tenant, answer.address), state=answer.state,
        at=answer.at or office.now(), recorded=office.now(), method=answer.method, by=office.who.label,
        shown=_digest(answer.text),
    )  # fmt: skip


def _person(office: Office, tenant: str, address: str) -> bytes:
    return person_of(office.keyring, tenant, parse_path(address, smtputf8=True).key)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:_DIGEST] if text else b""


def _texts(answers: Sequence[Answer]) -> dict[bytes, str]:
    return {_digest(answer.text): answer.text for answer in answers if answer.text}


def _sums(acts: Sequence[ConsentAct]) -> str:
    said = [act.state for act in acts]
    return ", ".join(f"{said.count(state)} {state}" for state in ANSWERS if state in said)


def _proved(office: Office, tenant: str, person: bytes) -> Resource:
    held = office.control.consents.states(tenant, [person])
    acts = office.control.consents.acts(tenant, person)
    texts = office.control.consents.texts(tenant, {act.shown for act in acts})
    state = held[0] if held else Consent(tenant=tenant, person=person, state="unknown", at=0.0, number=0)
    return _shown(state) | {
        "history": [
            {
                "state": act.state, "at": moment(act.at), "recorded": moment(act.recorded), "method": act.method,
                "by": act.by, "text": texts.get(act.shown, ""),
            }
            for act in acts
        ]
    }  # fmt: skip


def _shown(consent: Consent) -> Resource:
    return {
        "tenant": consent.tenant, "person": consent.person.hex(), "state": consent.state, "at": moment(consent.at),
    }  # fmt: skip


def _wrong(place: str, cause: str, fix: str) -> Fault:
    return Fault(cause, place=place, fix=fix)
