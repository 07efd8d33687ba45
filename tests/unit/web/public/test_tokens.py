"""Tokens opened, and what is remembered of them."""

from __future__ import annotations

import pytest

from estafette.base.seal import Keyring
from estafette.tracking import token
from estafette.tracking.token import Target
from estafette.web.public import tokens as module
from estafette.web.public.tokens import Tokens


@pytest.fixture
def keyring(tmp_path):
    return Keyring.create(tmp_path / "keyring")


def scope(keyring, url, number=1, kind="click", link=1):
    target = Target(kind, "t1", "bulk", message=7, number=number, person=bytes(12), link=link, url=url)
    letter = "c" if kind == "click" else "o"
    return {"path": f"/{letter}/{token.write(keyring, target)}", "headers": []}


def test_links_of_two_people_to_one_page_share_what_leads_there_and_nothing_of_theirs(keyring):
    opened = Tokens(keyring)
    ann, bob = (opened.opened(scope(keyring, "https://a.example/x?u=1#y", number), "click") for number in (1, 2))
    assert ann.answer is bob.answer
    assert (ann.target.number, bob.target.number) == (1, 2)
    assert ann.label == bob.label == "https://a.example/x"


def test_pages_that_differ_in_what_reports_leave_out_lead_apart(keyring):
    opened = Tokens(keyring)
    one, two = (opened.opened(scope(keyring, f"https://a.example/x?u={each}"), "click") for each in (1, 2))
    assert one.label == two.label
    assert one.answer is not two.answer


def test_what_leads_nowhere_is_remembered_as_that(keyring):
    opened = Tokens(keyring)
    for _ in range(2):
        assert opened.opened(scope(keyring, "javascript:alert(1)"), "click").answer is None
    assert opened.opened(scope(keyring, "", kind="open"), "open").answer is None


def test_pages_are_remembered_in_bounded_memory(keyring, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 10)
    opened = Tokens(keyring)
    for number in range(35):
        assert opened.opened(scope(keyring, f"https://a.example/{number}"), "click").answer is not None
        assert len(opened._pages) <= 10
