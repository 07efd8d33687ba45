import email
from email import policy

import pytest

from estafette.base.ids import Mint
from estafette.model.envelope import NOTIFY_DELAY, NOTIFY_FAILURE, NOTIFY_NEVER, NOTIFY_SUCCESS
from estafette.model.event import Reply, unpack
from estafette.model.message import Content, Delivery
from estafette.model.outcome import Outcome
from estafette.relay.feedback.notices import compose, delay_item, failure_item, success_item
from estafette.store.interface.spool import Notice

ID = 1 << 60
BODY = b"From: a@a.example\r\nSubject: original\r\n\r\nsecret text\r\n"
SENDER = "a@a.example"


def content(**changes):
    facts = {
        "id": ID, "tenant": "t", "stream": "s", "kind": "personal", "credential": "c", "sender": SENDER,
        "header_from": "a.example", "size": len(BODY), "accepted": 1e9, "body": BODY, "reports": SENDER,
    }  # fmt: skip
    return Content(**{**facts, **changes})


def delivery(notify=0, number=1, address="b@b.example", orcpt=""):
    return Delivery(
        ID, number, "t", "s", 0, "b.example", "b.example", address, "east", 0.0, 0.0, 2e9, 1, "a.example",
        notify=notify, orcpt=orcpt,
    )  # fmt: skip


def outcome(verdict="bounced", reply=None, reason="", **more):
    return Outcome(message=ID, number=1, verdict=verdict, reply=reply, reason=reason, **more)


NO = Reply(550, "5.1.1", "no such user")
ITEMS = {"failure": failure_item, "delay": delay_item, "success": success_item}
OWED = [
    ("personal", SENDER, 0, {"failure", "delay"}),
    ("personal", SENDER, NOTIFY_NEVER, set()),
    ("personal", SENDER, NOTIFY_FAILURE, {"failure"}),
    ("personal", SENDER, NOTIFY_SUCCESS | NOTIFY_DELAY, {"success", "delay"}),
    ("transactional", "", 0, set()),
    ("transactional", SENDER, 0, {"failure"}),
    ("transactional", "", NOTIFY_FAILURE, {"failure"}),
    ("bulk", "", NOTIFY_SUCCESS, {"success"}),
    ("bulk", "", NOTIFY_DELAY, {"delay"}),
    ("bulk", "desk@a.example", 0, {"failure"}),
    ("bulk", "desk@a.example", NOTIFY_NEVER, set()),
]


@pytest.mark.parametrize(("kind", "reports", "notify", "owed"), OWED)
def test_who_is_told_of_what(kind, reports, notify, owed):
    letter, row = content(kind=kind, reports=reports), delivery(notify)
    assert {name for name, item in ITEMS.items() if item(letter, row, outcome(reply=NO), 2e9)} == owed


@pytest.mark.parametrize(("kind", "reports", "notify", "_owed"), OWED)
def test_the_null_sender_is_never_told(kind, reports, notify, _owed):
    letter, row = content(kind=kind, reports=reports, sender=""), delivery(notify)
    assert not any(item(letter, row, outcome(reply=NO), 2e9) for item in ITEMS.values())


def test_a_server_that_took_the_duty_over_tells_itself():
    row = delivery(NOTIFY_SUCCESS)
    assert success_item(content(), row, outcome("delivered", Reply(250), reason="dsn_relayed"), 2e9) == b""


def report(letter, *items, head=BODY):
    rows = [Notice(ID, number, 0.0, item) for number, item in enumerate(items, start=1)]
    return compose(letter, rows, head, now=1.7e9, hostname="mx.example", mint=Mint(lambda: 1.7e9), expire=60.0)


def read(submission):
    message = email.message_from_bytes(submission.content.body, policy=policy.SMTP)
    assert message.get_content_type() == "multipart/report"
    return message, list(message.iter_parts())


def test_a_report_is_a_message_of_its_own_that_nobody_is_told_about():
    told = report(content(), failure_item(content(), delivery(), outcome(reply=NO), 1.6e9))
    letter, (row,) = told.content, told.deliveries
    assert (letter.sender, letter.reports, letter.kind, letter.header_from) == ("", "", "personal", "mx.example")
    assert (row.address, row.lane, row.egress, row.priority, row.expires) == (
        SENDER,
        "a.example",
        "east",
        0,
        1.7e9 + 60,
    )
    assert letter.size == row.size == len(letter.body)
    assert told.notices == ((ID, 1),)
    event = unpack(told.events[0])
    assert (event.kind, event.message, event.number, event.tenant) == ("queued", letter.id, 1, "t")
    assert failure_item(letter, row, outcome(reply=NO), 1.8e9) == b""


def test_several_recipients_share_one_report():
    failed = failure_item(content(), delivery(orcpt="rfc822;B+2Bc@b.example"), outcome(reply=NO, site="mx.b"), 1.6e9)
    expired = failure_item(content(), delivery(number=2), outcome("deferred", reason="timeout"), 1.6e9)
    message, (text, status, returned) = read(report(content(envid="e+20f"), failed, expired))
    assert "no such user" in text.get_content()
    assert text.get_content().count("Votre message n'a pas pu être remis") == 1
    whole, first, second = status.get_payload()
    assert whole["Original-Envelope-Id"] == "e f"
    assert whole["Reporting-MTA"] == "dns; mx.example"
    assert (first["Action"], first["Status"], first["Remote-MTA"]) == ("failed", "5.1.1", "dns; mx.b")
    assert first["Original-Recipient"] == "rfc822; B+c@b.example"
    assert (second["Status"], second["Diagnostic-Code"]) == ("4.4.7", "smtp; timeout")
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "secret text" not in report(content(), failed).content.body.decode()
    assert message["Auto-Submitted"] == "auto-replied"


def test_a_report_speaks_the_language_it_is_given():
    rows = [Notice(ID, 1, 0.0, failure_item(content(), delivery(), outcome(reply=NO), 1.6e9))]
    told = compose(
        content(), rows, BODY, now=1.7e9, hostname="mx.example", mint=Mint(lambda: 1.7e9), expire=60.0, language="fr"
    )
    message, (text, *_) = read(told)
    assert message["Subject"] == "Message non remis"
    assert "could not be delivered" not in text.get_content()


@pytest.mark.parametrize(
    ("ret", "item", "head", "kind"),
    [
        ("FULL", failure_item, BODY, "message/rfc822"),
        ("FULL", failure_item, BODY[:-5], "text/rfc822-headers"),
        ("FULL", delay_item, BODY, "text/rfc822-headers"),
        ("HDRS", failure_item, BODY, "text/rfc822-headers"),
    ],
)
def test_what_comes_back(ret, item, head, kind):
    letter = content(ret=ret)
    _, parts = read(report(letter, item(letter, delivery(), outcome("deferred"), 1.6e9), head=head))
    assert parts[2].get_content_type() == kind


def test_hostile_words_stay_words():
    reply = Reply(550, "2.0.0", "x\r\nAction: delivered\r\n\r\n--report\x1b[2J\u202e")
    item = failure_item(content(), delivery(), outcome(reply=reply), 1.6e9)
    told = report(content(), item)
    _, (_, status, _) = read(told)
    _, recipient = status.get_payload()
    assert recipient.get_all("Action") == ["failed"]
    assert recipient["Status"] == "5.0.0"
    assert told.content.body.isascii()
    assert b"\x1b" not in told.content.body


def test_an_address_beyond_ascii():
    row = delivery(address="zoé@b.example")
    told = report(content(), failure_item(content(), row, outcome(reply=NO), 1.6e9))
    assert b"Final-Recipient: utf-8; zo\\x{E9}@b.example\r\n" in told.content.body
    assert not told.content.eight_bit
    assert told.content.body_type == "7BIT"
