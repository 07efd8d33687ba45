"""What our addresses carry: everything for one person, nothing of a person in aggregate."""

import re

import pytest

from estafette.base.seal import Keyring
from estafette.mail.headers import Head
from estafette.model.message import Content, Delivery
from estafette.tracking import token
from estafette.tracking.plan import Wish, planned
from estafette.tracking.writer import Writer

PAGE = b'Content-Type: text/html\r\n\r\n<a href="http://x.example/">x</a><a href="estafette:unsubscribe">u</a>'
SHOP = "https://t.example"


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keyring")


def content(**changes):
    facts = {
        "id": 5, "tenant": "t1", "stream": "bulk", "kind": "bulk", "credential": "c", "sender": "a@a.example",
        "header_from": "a.example", "size": 1, "accepted": 0.0, "campaign": "may", "template": "n@1", "tags": ("a", "b"),
    }  # fmt: skip
    return Content(**{**facts, **changes})


def delivery(number, mode):
    return Delivery(
        5, number, "t1", "bulk", 2, "b", "b.example", f"Jane{number}@b.example", "default", 0, 0, 9, 1, "a.example",
        tracking=mode,
    )  # fmt: skip


def targets(keyring, letter, row, *, base=SHOP, plan=None):
    plan = plan or planned(PAGE, Head.parse(PAGE), Wish(base))
    found = {}
    for spot, address in zip(plan.spots, Writer(keyring, base + "/").addresses(plan, letter, row), strict=True):
        if address:
            path = re.fullmatch(rf"{re.escape(base)}/([couv])/([\w-]+)", address)
            assert path is not None
            found[spot.kind] = token.read(keyring, path[2])
            assert found[spot.kind].kind == spot.kind
    return found


def test_individual_tokens_name_message_and_person(keyring):
    found = targets(keyring, content(), delivery(3, "individual"))
    person = token.person_of(keyring, "t1", "jane3@b.example")
    assert set(found) == {"click", "open", "unsubscribe"}
    click = found["click"]
    assert (click.message, click.number, click.person, click.link, click.links) == (5, 3, person, 1, 1)
    assert (click.tenant, click.stream, click.url) == ("t1", "bulk", "http://x.example/")
    assert (click.campaign, click.template, click.tags) == ("may", "n@1", ("a", "b"))
    assert found["unsubscribe"].person == person


@pytest.mark.parametrize(
    ("labels", "group"),
    [
        ({}, ("may", "", ())),
        ({"campaign": ""}, ("", "n@1", ())),
        ({"campaign": "", "template": ""}, ("", "", ("a",))),
    ],
)
def test_aggregate_tokens_name_one_group_and_no_person(keyring, labels, group):
    plan = planned(PAGE, Head.parse(PAGE), Wish(SHOP))
    first = targets(keyring, content(**labels), delivery(1, "aggregate"), plan=plan)
    second = targets(keyring, content(**labels), delivery(2, "aggregate"), plan=plan)
    for kind in ("click", "open"):
        assert first[kind] == second[kind]
        assert first[kind].aggregate
        assert (first[kind].number, first[kind].person) == (0, b"")
        assert (first[kind].campaign, first[kind].template, first[kind].tags) == group
    assert first["unsubscribe"].person != second["unsubscribe"].person


def test_aggregate_without_a_group_measures_nothing(keyring):
    letter = content(campaign="", template="", tags=())
    assert set(targets(keyring, letter, delivery(1, "aggregate"))) == {"unsubscribe"}


def test_off_leaves_the_recipients_own_links(keyring):
    assert set(targets(keyring, content(), delivery(1, "off"))) == {"unsubscribe"}


def test_a_message_has_its_own_host(keyring):
    letter = content(tracking_url="https://t.shop.example")
    plan = planned(PAGE, Head.parse(PAGE), Wish(SHOP))
    addresses = Writer(keyring, SHOP).addresses(plan, letter, delivery(1, "individual"))
    assert all(address.startswith("https://t.shop.example/") for address in addresses)


def test_labels_too_long_for_a_token_leave_a_link_as_it_was(keyring):
    letter = content(tags=tuple(f"{number:0200d}" for number in range(20)))
    assert set(targets(keyring, letter, delivery(1, "individual"))) == {"unsubscribe"}


def test_an_address_needs_no_escape(keyring):
    letter, row = content(), delivery(1, "off")
    assert Writer(keyring, "http://h\"<&>'é/").own("view", letter, row).startswith("http://h%22%3C%26%3E%27%C3%A9/v/")
