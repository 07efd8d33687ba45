"""Whose reports are, which of their sources are ours, and how they are shown."""

from __future__ import annotations

import gzip

import msgspec
import pytest
from tests.unit.mail.test_receivers import edited, golden

from estafette.base.errors import Fault
from estafette.tenancy import domains, proof, reports, tenants
from estafette.tenancy.office import NotFound, Office

NOW = 1_700_010_000.0
SOURCES = frozenset({"198.51.100.77"})


@pytest.fixture
def office(office: Office) -> Office:
    office = msgspec.structs.replace(office, now=lambda: NOW)
    for name in ("acme", "rival"):
        tenants.create(office, name)
        domains.add(office, name, f"{name}.example")
        proof.verify(office, f"{name}.example")
    return office


def take(office: Office, octets: bytes, **more) -> str:
    (each,) = reports.upload(office, octets, sources=SOURCES, **more)["items"]
    return each["state"]


def selector(office: Office, domain: str = "acme.example") -> str:
    owner = office.tenant("acme").id
    return office.control.keys(owner, domain)[0].selector


def signed(office: Office) -> bytes:
    """A report in which a signature of ours passed from an address that we do not name."""
    return edited("google.xml", ("<selector>est-a", f"<selector>{selector(office)}"))


def test_a_report_is_counted_once_however_it_is_packed(office: Office) -> None:
    assert take(office, golden("google.xml")) == "new"
    assert take(office, gzip.compress(golden("google.xml"))) == "known"
    assert take(office, golden("google.xml"), tenant="acme") == "known"
    assert len(reports.list_all(office)["items"]) == 1


def test_a_report_about_a_domain_below_is_of_whoever_has_the_domain(office: Office) -> None:
    below = edited(
        "google.xml",
        ("<domain>acme.example</domain>\n    <adkim>", "<domain>x.news.acme.example</domain>\n    <adkim>"),
    )
    assert take(office, below) == "new"
    (found,) = reports.list_all(office, "acme")["items"]
    assert found["domain"] == "x.news.acme.example"
    assert reports.list_all(office, "rival")["items"] == []


@pytest.mark.parametrize("name", ["nobody.example", "example", "evil-acme.example"])
def test_a_report_about_a_domain_of_nobody_is_not_kept(office: Office, name: str) -> None:
    other = edited(
        "google.xml", ("<domain>acme.example</domain>\n    <adkim>", f"<domain>{name}</domain>\n    <adkim>")
    )
    assert take(office, other) == "foreign"
    assert reports.list_all(office)["items"] == []


def test_a_domain_that_is_not_proved_gets_none(office: Office) -> None:
    domains.add(office, "rival", "pending.example")
    other = edited(
        "google.xml", ("<domain>acme.example</domain>\n    <adkim>", "<domain>pending.example</domain>\n    <adkim>")
    )
    assert take(office, other) == "foreign"


def test_a_tenant_takes_none_but_its_own(office: Office) -> None:
    assert take(office, golden("google.xml"), tenant="rival") == "foreign"
    with pytest.raises(NotFound):
        take(office, golden("google.xml"), tenant="nobody")


def test_reports_about_the_service_are_of_no_tenant(office: Office) -> None:
    own = edited(
        "google.xml",
        ("<domain>acme.example</domain>\n    <adkim>", "<domain>bounces.service.test</domain>\n    <adkim>"),
    )
    assert take(office, own) == "new"
    (found,) = reports.list_all(office)["items"]
    assert found["tenant"] == ""
    assert take(office, own, tenant="acme") == "foreign"


@pytest.mark.parametrize(("begin", "end"), [("1600000000", "1600086399"), ("1700500000", "1700586399")])
def test_a_report_about_another_time_is_not_kept(office: Office, begin: str, end: str) -> None:
    assert take(office, edited("google.xml", ("1699920000", begin), ("1700006399", end))) == "out_of_time"


def test_ours_is_what_our_key_signed_or_our_address_sent(office: Office) -> None:
    take(office, signed(office))
    take(office, edited("mail-ru.xml", ("198.51.100.9", "198.51.100.77")))
    take(office, golden("microsoft.xml"))
    found = {each["source"]: each for each in reports.sources(office, "acme")["items"]}
    assert {source: each["verdict"] for source, each in found.items()} == {
        "192.0.2.10": "own", "2001:db8::25": "foreign", "198.51.100.77": "own_failing", "203.0.113.66": "foreign",
    }  # fmt: skip
    assert found["192.0.2.10"]["words"].startswith("Ours, and every message passes. / C'est nous")
    assert (found["203.0.113.66"]["quarantined"], found["203.0.113.66"]["last"]) == (7, "2023-11-14")
    (google,) = [each for each in reports.list_all(office)["items"] if each["reporter"] == "google.com"]
    assert (google["ours"], google["ours_passed"], google["messages"]) == (41, 41, 44)


def test_a_signature_that_failed_or_is_of_another_selector_proves_nothing(office: Office) -> None:
    take(office, golden("google.xml"))
    take(
        office, edited("rfc9990.xml", ("<result>pass</result>", "<result>fail</result>"), ("abc123", selector(office)))
    )
    assert {each["ours"] for each in reports.sources(office, "acme")["items"]} == {False}


def test_a_source_is_told_in_the_tenants_language(office: Office) -> None:
    tenants.update(office, "acme", language="fr")
    take(office, golden("microsoft.xml"))
    (found,) = reports.sources(office, "acme")["items"]
    assert (
        found["words"]
        == "Ce n'est pas nous, et rien ne passe : du courrier usurpé, ou un service à vous qui n'est pas réglé."
    )


def test_every_verdict_has_words_in_every_language() -> None:
    verdicts = {"own", "own_failing", "allowed", "partly", "foreign"}
    assert {language: set(words) for language, words in reports._words().items()} == {"en": verdicts, "fr": verdicts}


def test_sources_that_pass_partly_and_wholly_without_being_ours(office: Office) -> None:
    take(office, golden("rfc9990.xml"))
    take(office, edited("google.xml", ("2001:DB8:0:0::25", "192.0.2.11"), ("192.0.2.10", "192.0.2.11")))
    found = {each["source"]: each["verdict"] for each in reports.sources(office, "acme")["items"]}
    assert found == {"192.0.2.10": "allowed", "192.0.2.11": "partly"}


def test_days_and_bounds_of_the_look_back(office: Office) -> None:
    take(office, signed(office))
    (found,) = reports.days(office, "acme")["items"]
    assert found == {
        "domain": "acme.example", "day": "2023-11-14", "messages": 44, "passed": 41, "ours": 41, "ours_passed": 41,
    }  # fmt: skip
    assert reports.days(office, "rival")["items"] == reports.sources(office, "rival")["items"] == []
    for wrong in (0, 401):
        with pytest.raises(Fault):
            reports.days(office, days=wrong)


def test_one_report_is_shown_with_its_rows_to_its_tenant_alone(office: Office) -> None:
    take(office, golden("rfc8460.json"))
    (listed,) = reports.list_all(office, kind="tls")["items"]
    shown = reports.show(office, listed["id"], tenant="acme")
    assert [row["result"] for row in shown["rows"]] == [
        "certificate-expired",
        "starttls-not-supported",
        "validation-failure",
    ]
    for wrong in ({"tenant": "rival"}, {}):
        with pytest.raises(NotFound):
            reports.show(office, listed["id"] if wrong else "nothing", **wrong)


def test_a_file_that_cannot_be_read_says_why_and_an_import_is_audited(office: Office) -> None:
    with pytest.raises(Fault) as fault:
        take(office, gzip.compress(gzip.compress(b"<feedback/>")))
    assert (fault.value.place, "archive" in fault.value.cause) == ("report (archive)", True)
    take(office, golden("google.xml"))
    take(office, golden("google.xml"))
    assert [each.action for each in office.control.audit() if each.action.startswith("report")] == ["report.import"]


def test_a_domain_is_asked_for_in_any_spelling(office: Office) -> None:
    take(office, golden("google.xml"))
    assert len(reports.list_all(office, domain="ACME.example.")["items"]) == 1
    assert reports.list_all(office, domain="bücher.example")["items"] == []
    for wrong in ("no domain", "\0", "a@b", "\ud800"):
        for ask in (reports.list_all, reports.sources, reports.days):
            with pytest.raises(Fault, match="is no domain"):
                ask(office, domain=wrong)


def test_mail_has_a_limit_a_day(office: Office, monkeypatch) -> None:
    monkeypatch.setitem(reports.MOST, "mail", 1)
    found = reports.open_file(golden("google.xml")) + reports.open_file(golden("yahoo.xml"))
    told = reports.keep(office, found, sources=(), origin="mail", sender="a@b.example")
    assert [each["state"] for each in told] == ["new", "beyond_limit"]
