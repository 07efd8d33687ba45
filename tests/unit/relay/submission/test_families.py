"""Header fields of other services, at the gate: what they label, what they refuse, and that none leaves."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.relay.submission.test_gate import Desk, anna, desk, message

from estafette.base.errors import Refusal
from estafette.mail.headers import Head
from estafette.model.credential import Identity
from estafette.relay.submission import families
from estafette.relay.submission.labels import Labels

__all__ = ["anna", "desk"]

MAILJET = [
    b"X-Mailjet-Campaign: Spring sale",
    b"X-Mailjet-DeduplicateCampaign: 0",
    b"X-MJ-CustomID: order-17",
    b'X-MJ-EventPayload: {"user":\r\n 7}',
    b"X-Mailjet-TrackOpen: 0",
    b"X-Mailjet-TrackClick: 1",
    b"X-Mailjet-Prio: 3",
    b"X-MJ-TemplateLanguage: 0",
    b"X-MJ-TemplateID: 0",
    b"X-MJ-Vars: {}",
    b"X-MJ-TemplateErrorReporting: ann@acme.test",
    b"X-MJ-TemplateErrorDeliver: 0",
    b"X-MJ-MonitoringCategory: orders",
    b"X-MJ-Unheard-Of: 1",
]


def speaking(identity: Identity, family: str) -> Identity:
    return msgspec.structs.replace(identity, headers=family)


def test_the_thirteen_fields_of_mailjet_are_understood_and_none_leaves(desk: Desk, anna: Identity) -> None:
    kept = desk.finish(speaking(anna, "mailjet"), message(b"From: a@acme.test", *MAILJET, b"X-Own: stays"))
    content = kept.content
    assert (content.campaign, content.opens, content.clicks) == ("Spring sale", False, True)
    assert content.metadata == {
        "CustomID": "order-17", "EventPayload": '{"user": 7}', "MonitoringCategory": "orders", "Priority": "3",
    }  # fmt: skip
    assert b"x-mj-" not in content.body.lower()
    assert b"x-mailjet-" not in content.body.lower()
    assert b"X-Own: stays\r\n" in content.body


def test_fields_of_brevo_and_turbosmtp_are_tag_metadata_and_campaign(desk: Desk, anna: Identity) -> None:
    fields = [b"X-Mailin-Tag: welcome", b"X-Mailin-custom: id:7", b"X-Mailin-Other: 1"]
    brevo = desk.finish(speaking(anna, "brevo"), message(b"From: a@acme.test", *fields)).content
    assert (brevo.tags, brevo.metadata) == (("welcome",), {"X-Mailin-custom": "id:7"})
    assert b"x-mailin" not in brevo.body.lower()
    turbo = desk.finish(speaking(anna, "turbosmtp"), message(b"From: a@acme.test", b"X-campaign-ID: 12")).content
    assert turbo.campaign == "12"
    assert b"x-campaign-id" not in turbo.body.lower()


def test_our_own_fields_win(desk: Desk, anna: Identity) -> None:
    fields = [b"X-Estafette-Campaign: ours", b"X-Mailjet-Campaign: theirs"]
    assert desk.finish(speaking(anna, "mailjet"), message(b"From: a@acme.test", *fields)).content.campaign == "ours"


def test_without_a_family_foreign_fields_stay_as_they_are(desk: Desk, anna: Identity) -> None:
    content = desk.finish(anna, message(b"From: a@acme.test", b"X-MJ-CustomID: 1")).content
    assert b"X-MJ-CustomID: 1\r\n" in content.body
    assert content.metadata == {}


@pytest.mark.parametrize(
    ("family", "field", "named"),
    [
        ("mailjet", b"X-Mailjet-DeduplicateCampaign: maybe", "X-Mailjet-Deduplicatecampaign"),
        ("mailjet", b"X-MJ-TemplateID: 7", "X-Mj-Templateid"),
        ("mailjet", b"X-MJ-TemplateLanguage: 1", "X-Mj-Templatelanguage"),
        ("mailjet", b"X-Mailjet-TrackOpen: maybe", "X-Mailjet-Trackopen"),
        ("mailjet", b"X-Mailjet-Campaign: " + b"c" * 256, "X-Mailjet-Campaign"),
        ("mailjet", b"X-MJ-CustomID: \xff", "X-Mj-Customid"),
        ("brevo", b"X-Sib-Sandbox: drop", "X-Sib-Sandbox"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    desk: Desk, anna: Identity, family: str, field: bytes, named: str
) -> None:
    with pytest.raises(Refusal) as caught:
        desk.finish(speaking(anna, family), message(b"From: a@acme.test", field))
    assert (caught.value.code, caught.value.enhanced, caught.value.rule) == (550, "5.6.0", "header_family")
    assert named in caught.value.public


@given(
    st.sampled_from(sorted(families.FAMILIES)),
    st.lists(st.tuples(st.sampled_from(sorted(MAILJET)), st.binary(max_size=40))),
)
def test_whatever_the_fields_hold_is_read_or_refused(family: str, given_fields: list[tuple[bytes, bytes]]) -> None:
    body = b"".join(field.partition(b":")[0] + b": " + value + b"\r\n" for field, value in given_fields) + b"\r\n"
    try:
        read = families.read(family, Head.parse(body), Labels())
    except Refusal:
        return
    assert all(text.isprintable() for text in (read.campaign, *read.tags, *read.metadata.values()))
