"""Links lead where their token says, whoever follows them; a token that is not ours leads nowhere."""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.web.public.conftest import FIREFOX, NOW, PATHS

from estafette.base.seal import Keyring
from estafette.events.acts import Counted, Group, Measured
from estafette.model.tracking import RawHit
from estafette.tenancy import domains, tenants
from estafette.tracking import token
from estafette.web.public.clicks import PIXEL
from estafette.web.public.destination import label, leading_to

URL = "https://shop.test/a?who=ann#top"
SCANNER = {"User-Agent": "Barracuda Sentinel"}


async def test_a_link_leads_on_and_the_hit_is_kept_raw(listener):
    answer = await listener("GET", listener.path(), headers=FIREFOX | {"Sec-Purpose": "prefetch"})
    assert (answer.status, answer.headers["location"], answer.body) == (302, URL, b"")
    assert answer.headers["cache-control"] == "no-store, private"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert "set-cookie" not in answer.headers
    (act,) = await listener.acts()
    hit = RawHit(
        act.hit.id, NOW, "clicked", listener.tenant, "bulk", 77, 2, 3, "https://shop.test/a", "127.0.0.1",
        FIREFOX["User-Agent"], "GET", "prefetch", "spring", ("a", "b"), "", 9,
    )  # fmt: skip
    assert act == Measured(hit)


@pytest.mark.parametrize("kind", ["click", "open"])
async def test_a_tenants_name_answers_no_token_of_another(listener, kind):
    for tenant, name in (("acme", "acme.test"), ("rival", "rival.test")):
        domains.add(listener.office, tenant, name)
    listener.refresh()
    for path in (listener.path(kind), listener.shared(kind)):
        for host in ("t.acme.test", "T.Acme.Test:8443", "t.acme.test.", "t.relay.test", "127.0.0.1:8026", "relay.test"):
            assert (await listener("GET", path, headers=FIREFOX | {"Host": host})).status in {200, 302}, host
        for host in ("t.rival.test", "T.RIVAL.test:443", "t.nobody.test"):
            assert (await listener("GET", path, headers=FIREFOX | {"Host": host})).status == 404, host
    listener.standing.directory = None
    assert (await listener("GET", listener.path(), headers=FIREFOX | {"Host": "t.rival.test"})).status == 302


async def test_the_pixel_is_43_octets_and_not_kept(listener):
    answer = await listener("GET", listener.path("open", link=0, url=""), headers=FIREFOX)
    assert (answer.status, answer.headers["content-type"], len(answer.body)) == (200, "image/gif", 43)
    assert answer.body == PIXEL
    assert answer.headers["cache-control"].startswith("no-store")
    (act,) = await listener.acts()
    assert (act.hit.kind, act.hit.link, act.hit.url) == ("opened", 0, "")


async def test_an_aggregate_hit_leaves_nothing_of_whoever_it_was(listener):
    for path in (listener.shared(), listener.shared("open", link=0, url="")):
        assert (await listener("GET", path, headers=FIREFOX)).status in {302, 200}
    clicked = Group("clicked", listener.tenant, "bulk", "spring", link=3, url="https://shop.test/a")
    opened = Group("opened", listener.tenant, "bulk", "spring")
    acts = await listener.acts()
    assert sorted(acts, key=str) == [Counted(clicked, int(NOW) // 60, 1), Counted(opened, int(NOW) // 60, 1)]
    kept = b"".join(file.read_bytes() for file in listener.folder.rglob("acts/*"))
    assert kept
    assert b"127.0.0.1" not in kept
    assert b"Firefox" not in kept


async def test_head_answers_alike_and_is_no_hit(listener):
    for path in (listener.path(), listener.path("open"), listener.shared()):
        got, headed = await listener("GET", path), await listener("HEAD", path)
        assert (got.status, got.headers) == (headed.status, headed.headers)
    assert len(await listener.acts()) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
async def test_other_methods_do_nothing(listener, method):
    for path in (listener.path(), listener.path("open"), listener.path("view")):
        answer = await listener(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert await listener.acts() == []


async def test_machines_are_answered_as_people_are(listener):
    for path in (listener.path(), listener.path("open"), listener.shared(), listener.path("unsubscribe")):
        answers = [await listener("GET", path, headers=each) for each in (FIREFOX, SCANNER, {"User-Agent": ""}, {})]
        assert all(vars(each) == vars(answers[0]) for each in answers)


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("path", PATHS.values())
async def test_a_token_of_one_kind_opens_no_other_path(listener, kind, path):
    written = listener.path(kind).rpartition("/")[2]
    answer = await listener("GET", path + written)
    assert (answer.status == 404) == (PATHS[kind] != path or kind == "view")
    assert "location" not in answer.headers or kind == "click"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), kind=st.sampled_from(sorted(PATHS)))
async def test_a_changed_token_is_not_found(listener, place, bit, kind):
    path = listener.path(kind)
    written = bytearray(path[3:].encode())
    written[place % len(written)] ^= 1 << bit
    answer = await listener("GET", path[:3] + written.decode("latin-1"))
    assert (answer.status, answer.body) == (404, b"not found\n")
    assert "location" not in answer.headers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda it: base64.urlsafe_b64encode(it).decode())))
async def test_rubbish_is_not_found(listener, rubbish):
    for path in PATHS.values():
        assert (await listener("GET", f"{path}{rubbish}".partition("?")[0].partition("#")[0])).status == 404


async def test_a_token_of_another_service_or_of_another_spelling_is_not_found(listener, tmp_path):
    foreign = token.write(Keyring.create(tmp_path / "other"), listener.target())
    mine = listener.path()
    for path in (f"/c/{foreign}", f"{mine}=", f"{mine}/", f"{mine}!", f"/c/!{mine[3:]}", "/c/", f"/c{mine}"):
        answer = await listener("GET", path)
        assert answer.status in {404, 503}, path  # 503: no path of ours, and no database for the others
        assert "location" not in answer.headers


async def test_a_tenant_cannot_be_put_into_anothers_token(listener):
    """Sealed whole: halves of two tokens are a token of nobody."""
    mine, theirs = listener.path()[3:], listener.path(tenant=listener.rival)[3:]
    for cut in range(1, min(len(mine), len(theirs)), 7):
        mixed = mine[:cut] + theirs[cut:]
        assert (await listener("GET", f"/c/{mixed}")).status == (302 if mixed in {mine, theirs} else 404)


async def test_links_of_a_suspended_tenant_are_held_back_in_words(listener):
    path = listener.path(url="https://evil.test/<script>alert(1)</script>")
    tenants.suspend(listener.office, "acme", "phishing")
    listener.refresh()
    answer = await listener("GET", path, headers=FIREFOX | {"Accept-Language": "fr-FR,fr;q=0.9"})
    page = answer.body.decode()
    assert (answer.status, "location" in answer.headers) == (403, False)
    assert "evil.test" in page
    assert "Ce lien est retenu" in page
    assert 'href="http' not in page
    assert "<script" not in page
    assert "http-equiv" not in page
    assert await listener.acts() == []
    assert (await listener("GET", listener.path(tenant=listener.rival))).status == 302
    tenants.resume(listener.office, "acme")
    listener.refresh()
    assert (await listener("GET", path)).status == 302


async def test_links_of_a_tenant_that_is_gone_lead_nowhere(listener):
    for kind in PATHS:
        assert (await listener("GET", listener.path(kind, tenant="nobody"))).status == 404


async def test_what_is_measured_less_now_than_when_it_was_sent_is_measured_less(listener):
    listener.measure("acme", "aggregate")
    listener.refresh()
    await listener("GET", listener.path(), headers=FIREFOX)
    (act,) = await listener.acts()
    assert isinstance(act, Counted)
    listener.measure("acme", "off")
    listener.refresh()
    assert (await listener("GET", listener.path())).status == 302
    assert (await listener("GET", listener.shared())).status == 302
    assert await listener.acts() == [act]


async def test_a_person_who_withdrew_is_measured_no_more_in_mail_already_sent(listener, monkeypatch):
    who = (listener.tenant, b"p" * 12)
    monkeypatch.setattr(type(listener.directory), "withdrawn", lambda _, *person: person == who)
    answer = await listener("GET", listener.path(), headers=FIREFOX)
    assert answer.status == 302
    await listener("GET", listener.path(campaign="", tags=()), headers=FIREFOX)
    (act,) = await listener.acts()  # without a group it is not counted at all
    assert isinstance(act, Counted)
    await listener("GET", listener.path(person=b"q" * 12))
    assert [type(each) for each in await listener.acts()] == [Measured, Counted]


async def test_without_a_database_links_lead_on_and_no_person_is_measured(listener):
    listener.standing.directory = None
    assert (await listener("GET", listener.path())).headers["location"] == URL
    assert (await listener("GET", listener.path("open"))).status == 200
    assert {type(each) for each in await listener.acts()} == {Counted}
    assert (await listener("GET", "/invitations/x")).status == 503
    assert (await listener("GET", "/healthz")).body == b"ok\n"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (URL, URL),
        ("HTTP://SHOP.test", "HTTP://SHOP.test"),
        ("https://shop.test/%C3%A9?q=a%20b", "https://shop.test/%C3%A9?q=a%20b"),
        ("https://shop.test/é?q=à b", "https://shop.test/%C3%A9?q=%C3%A0%20b"),
        ("https://bücher.test/x", "https://xn--bcher-kva.test/x"),
        ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("https://shop.test/a\r\nSet-Cookie: x=1", "https://shop.test/aSet-Cookie:%20x=1"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.test/", None),
        ("/relative", None),
        ("https:evil.test", None),
        ("https:///evil.test", None),
        ("https://", None),
        ("ftp://shop.test/", None),
        ("mailto:ann@shop.test", None),
        ("", None),
    ],
)
def test_only_the_web_is_led_to(url, location):
    found = leading_to(url)
    assert (found.decode() if found else None) == location


@given(st.text(max_size=60), st.sampled_from(["https://", "http://", ""]))
def test_a_location_is_one_line_of_ascii(text, scheme):
    found = leading_to(scheme + text)
    assert found is None or (found.isascii() and not any(octet <= 32 or octet == 127 for octet in found))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "https://shop.test/a"),
        ("https://ann:secret@shop.test/a/b?x", "https://shop.test/a/b"),
        ("https://shop.test?mail=ann@shop.test", "https://shop.test"),
        ("https://shop.test/@ann", "https://shop.test/@ann"),
        ("https://shop.test/leave/ann@home.test/now", "https://shop.test/leave/.../now"),
        ("https://shop.test/leave/ann%40home.test", "https://shop.test/leave/..."),
        ("", ""),
    ],
)
def test_a_label_has_no_query_fragment_or_user(url, name):
    assert label(url) == name
