"""A browser shows a measured page as it shows the page that was sent, and each link leads where it led."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from estafette.base.seal import Keyring
from estafette.mail.headers import Head
from estafette.mail.overlong import quoted_printable
from estafette.model.message import Content, Delivery
from estafette.tracking import token
from estafette.tracking.edit import applied
from estafette.tracking.plan import Wish, planned
from estafette.tracking.writer import Writer

PAGES = Path(__file__).parent.parent / "data" / "newsletters"
BASE = "https://t.example"
#: Text as a person sees it, the place of every element but the pixel, and the links in their order.
LOOK = """() => ({
  text: document.body.innerText.trim(),
  boxes: [...document.querySelectorAll('body, body *')]
    .filter(e => !(e.tagName == 'IMG' && e.src.startsWith('https://t.example/o/')))
    .map(e => { const b = e.getBoundingClientRect(); return [e.tagName, b.x, b.y, b.width, b.height] }),
  height: document.documentElement.scrollHeight,
  links: [...document.querySelectorAll('a[href], area[href]')].map(e => e.href),
})"""


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keyring")


def message(page: bytes, charset: str, encoding: str) -> bytes:
    """Return a letter with the page among alternatives inside of related parts, beside a file."""
    coded = {"8bit": page, "quoted-printable": quoted_printable(page)}.get(encoding)
    if coded is None:
        coded = base64.encodebytes(page).replace(b"\n", b"\r\n")
    html = f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    return (
        b"From: shop@shop.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
        b"--c\r\nContent-Type: text/plain\r\n\r\nhttp://shop.example/\r\n--c\r\n"
        + html
        + coded
        + b"\r\n--c--\r\n--b--\r\n"
        b"--a\r\nContent-Disposition: attachment\r\n" + html + coded + b"\r\n--a--\r\n"
    )


def measured(sent: bytes, keyring: Keyring) -> bytes:
    content = Content(
        id=7, tenant="t1", stream="bulk", kind="bulk", credential="c", sender="s@shop.example", header_from="shop.example",
        size=len(sent), accepted=0.0, body=sent,
    )  # fmt: skip
    row = Delivery(
        7, 1, "t1", "bulk", 2, "b.example", "b.example", "jane@b.example", "default", 0.0, 0.0, 9.0, 1, "shop.example",
        tracking="individual",
    )  # fmt: skip
    plan = planned(sent, Head.parse(sent), Wish(BASE))
    return applied(sent, plan.edits(Writer(keyring, BASE).addresses(plan, content, row)))


def html_of(raw: bytes) -> list:
    parts = message_from_bytes(raw, policy=policy.default).walk()
    return [part.get_payload(decode=True) for part in parts if part.get_content_type() == "text/html"]


def shown(page, html: bytes, charset: str) -> dict:
    """Return what the browser makes of a page; nothing else is loaded."""

    def answer(route):
        if route.request.url == "http://page.example/":
            route.fulfill(body=html, content_type=f"text/html; charset={charset}")
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto("http://page.example/")
    look = page.evaluate(LOOK)
    page.unroute("**/*")
    return look


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize(("name", "charset"), [("tables", "utf-8"), ("loose", "utf-8"), ("latin", "iso-8859-1")])
def test_it_looks_the_same_and_leads_to_the_same(browser, keyring, name, charset, encoding):
    text = (PAGES / f"{name}.html").read_text(encoding="utf-8").replace("\n", "\r\n")
    sent = message(text.encode(charset), charset, encoding)
    made = measured(sent, keyring)
    (before, file), (after, same_file) = html_of(sent), html_of(made)
    assert file == same_file
    context = browser.new_context(viewport={"width": 800, "height": 600}, java_script_enabled=True)
    page = context.new_page()
    first, second = shown(page, before, charset), shown(page, after, charset)
    assert second["text"] == first["text"]
    assert second["boxes"] == first["boxes"]
    assert second["height"] == first["height"]
    assert len(second["links"]) == len(first["links"])
    ours = 0
    for led, leads in zip(first["links"], second["links"], strict=True):
        if leads == led:
            continue
        target = token.read(keyring, leads.removeprefix(f"{BASE}/c/"))
        assert target is not None
        assert page.evaluate("url => new URL(url).href", target.url) == led
        ours += 1
    assert ours == {"tables": 6, "loose": 6, "latin": 5}[name]
    assert after.count(f'<img src="{BASE}/o/'.encode()) == 1
    context.close()
