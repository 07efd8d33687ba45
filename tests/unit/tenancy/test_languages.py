"""In which language a tenant's people are written to: what it chose, else what the service says, else all."""

from __future__ import annotations

import string
from typing import Any

import msgspec
import pytest
from tests.unit.tenancy.test_plans import log

from estafette.base.errors import Fault
from estafette.model.suspension import Suspension
from estafette.model.user import LANGUAGES, Language
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import (
    alerts,
    audit,
    invitations,
    letters,
    metering,
    passwords,
    plans,
    proof,
    senders,
    suspension_text,
    suspensions,
    tenants,
    trust,
    users,
)
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor
from estafette.tenancy.rules import shipped

BOTH = pytest.mark.parametrize("language", LANGUAGES)
#: A word of each kind of mail that the other language has not.
WORDS: dict[str, dict[Language, str]] = {
    "level": {"en": "Units of this month", "fr": "Unités de ce mois"},
    "suspension": {"en": "Still allowed", "fr": "Encore permis"},
    "invitation": {"en": "invites you", "fr": "vous invite"},
    "sender": {"en": "would like to send", "fr": "souhaite envoyer"},
    "domain-lost": {"en": "was proved by another account", "fr": "a été prouvé par un autre compte"},
}


@pytest.fixture
def acme(office: Office, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(passwords, "hashed", lambda *_words: "x")
    plans.create(office, "small", monthly=100)
    return str(tenants.create(office, "Acme", plan="small")["id"])


def texts(office: Office, acme: str) -> dict[str, str]:
    """Return what is written to Acme's people, by kind."""
    tenants.update(office, "Acme", alert_to="billing@acme.test")
    metering.count(office.control, log(acme, ("bulk", 96)))
    (level,) = alerts.due(office, [acme])
    suspensions.create(office, "Acme", stream="bulk", reason="spam trap")
    (stop,) = trust.told(office, office.control.plans.suspensions()[0], [7])
    found = {"level": f"{level.subject}\n{level.text}", "suspension": f"{stop.subject}\n{stop.text}"}
    invitations.create(office, "Acme", "new@acme.test", "reader")
    found["invitation"] = letter(office)
    senders.add(office, "Acme", "ann@free.test")
    found["sender"] = letter(office)
    (lost,) = proof.told(office, acme, "domain-lost", domain="acme.test")
    office.control.people.add_letter(lost)
    found["domain-lost"] = letter(office)
    return found


def letter(office: Office) -> str:
    (each,) = office.control.people.letters(10)
    office.control.people.remove_letter(each.id)
    said = letters.read(office.keyring, each)
    return f"{said.subject}\n{said.text}"


def speaks(text: str, kind: str) -> set[Language]:
    return {language for language, word in WORDS[kind].items() if word in text}


@BOTH
def test_a_tenants_people_read_its_language_alone(office: Office, acme: str, language: Language) -> None:
    tenants.update(msgspec.structs.replace(office, language="fr"), "Acme", language=language)
    found = texts(office, acme)
    assert {kind: speaks(text, kind) for kind, text in found.items()} == {kind: {language} for kind in WORDS}


@BOTH
def test_who_chose_none_reads_the_services(office: Office, acme: str, language: Language) -> None:
    found = texts(msgspec.structs.replace(office, language=language), acme)
    assert {kind: speaks(text, kind) for kind, text in found.items()} == {kind: {language} for kind in WORDS}


def test_where_nobody_chose_both_are_said(office: Office, acme: str) -> None:
    found = texts(office, acme)
    # The language of an invitation becomes its reader's, so it is one.
    assert speaks(found.pop("invitation"), "invitation") == {"en"}
    assert {kind: speaks(text, kind) for kind, text in found.items()} == {kind: set(LANGUAGES) for kind in found}


def test_who_is_invited_or_made_has_the_tenants_language_unless_told(office: Office, acme: str) -> None:
    tenants.update(office, "Acme", language="fr")
    assert invitations.create(office, "Acme", "a@acme.test", "reader")["language"] == "fr"
    assert invitations.create(office, "Acme", "b@acme.test", "reader", language="en")["language"] == "en"
    users.create(office, "Acme", "c@acme.test", "reader")
    users.create(office, "Acme", "d@acme.test", "reader", language="en")
    made = [office.control.people.user(f"{name}@acme.test") for name in "cd"]
    assert [each.language for each in made if each] == ["fr", "en"]


@BOTH
def test_a_suspension_is_explained_to_each_reader(office: Office, acme: str, language: Language) -> None:
    tenants.update(office, "Acme", language=language)
    made = suspensions.create(office, "Acme", stream="bulk")
    owner = Actor(kind="user", id="u", name="ann@acme.test", roles={acme: "owner"})
    mine = suspensions.show(msgspec.structs.replace(office, who=owner, language="en"), str(made["id"]))
    assert mine["what"] == {"en": "the stream bulk", "fr": "le flux bulk"}[language]
    ours = suspensions.show(msgspec.structs.replace(office, language="fr"), str(made["id"]))
    assert ours["what"] == "le flux bulk"
    assert ours["numbers"] == mine["numbers"]


def test_the_language_is_checked_kept_and_audited(office: Office, directory: DirectorySnapshot) -> None:
    made = tenants.create(office, "Acme", language="fr")
    directory.reload()
    known = directory.tenant(str(made["id"]))
    assert known is not None
    assert (made["language"], known.language) == ("fr", "fr")
    assert tenants.update(office, "Acme", language="")["language"] == ""
    directory.reload()
    assert (directory.tenant(str(made["id"])) or known).language == ""
    latest: Any = audit.list_all(office, tenant="Acme")["items"]
    assert (latest[0]["before"]["language"], latest[0]["after"]["language"]) == ("fr", "")
    for wrong in ("de", "EN", "fr-FR"):
        with pytest.raises(Fault) as caught:
            tenants.update(office, "Acme", language=wrong)
        assert caught.value.place == "language"
    assert tenants.language(msgspec.structs.replace(office, language="fr"), "Acme") == "fr"
    assert tenants.language(office, "Acme") == "en"


def test_both_languages_have_the_same_letters_with_the_same_fields() -> None:
    forms = letters._forms()
    assert forms.keys() == set(LANGUAGES)
    assert forms["en"].keys() == forms["fr"].keys()
    for kind, form in forms["en"].items():
        other = forms["fr"][kind]
        assert fields(form.subject + form.text) == fields(other.subject + other.text), kind
        assert form != other


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)}


@BOTH
def test_every_rule_and_figure_of_trust_has_words(language: Language) -> None:
    words = suspension_text._words()[language]
    assert set(words.rules) == {"operator", "burst", "returns", "complaints"}
    assert {"days", "recipients_of_the_days", "complaints", "programmes"} <= set(words.figures)
    assert shipped().burst.least > 0
    stop = Suspension(
        id="1", tenant="t", stream="", credential="c", rule="burst", numbers={"limit": "50", "odd": "1\n2"}, messages=(),
        created=0.0, until=1.0,
    )  # fmt: skip
    shown = suspension_text.shown(stop, language)
    assert shown["why"] != "burst"
    assert suspension_text.figures(stop, language).splitlines()[1] == "  odd: 1 2"
