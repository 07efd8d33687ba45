"""A message in the browser: its HTML as it was sent, in a frame that runs nothing."""

from __future__ import annotations

from estafette.tenancy import tenants

HTML = b"<html><script>alert(1)</script><a href='https://shop.test/'>Hi Ann</a></html>"
MESSAGE = b"Subject: x\r\nContent-Type: text/html; charset=iso-8859-15\r\n\r\n" + HTML


async def test_a_message_is_shown_as_it_was_sent_without_scripts(listener):
    listener.messages[77, 2] = MESSAGE
    answer = await listener("GET", listener.path("view"))
    assert (answer.status, answer.body) == (200, HTML)
    assert answer.headers["content-type"] == "text/html; charset=iso-8859-15"
    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert not any(part.startswith("script-src") for part in policy)
    assert answer.headers["cache-control"].startswith("no-store")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await listener.acts() == []


async def test_one_that_is_kept_no_longer_is_told_in_words(listener):
    answer = await listener("GET", listener.path("view", number=3), headers={"Accept-Language": "fr"})
    assert (answer.status, "n’est plus conservé" in answer.body.decode()) == (404, True)


async def test_a_store_that_fails_is_told_in_words(listener, caplog):
    async def broken(_target):
        raise OSError("disk")

    listener.door._rooms["/v/"]._letters = broken
    answer = await listener("GET", listener.path("view"))
    assert (answer.status, b"cannot be shown now" in answer.body) == (503, True)


async def test_a_suspended_tenants_message_is_not_shown(listener):
    listener.messages[77, 2] = MESSAGE
    tenants.suspend(listener.office, "acme", "phishing")
    listener.refresh()
    assert (await listener("GET", listener.path("view"))).status == 404
