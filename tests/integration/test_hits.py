"""From a mailed link to a final event: hits over HTTP, by people and machines, through the whole service."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from http.client import HTTPConnection

import pytest
from tests.servers.rig import Rig

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
#: Where the hits come from as the service sees them; whom they are for stands in X-Forwarded-For.
FRONT = "127.53.0.9"
PAGES = "".join(f'<a href="https://shop.test/{n}?person=7">{n}</a>' for n in range(1, 5))


@pytest.fixture
def service(folder, certificates, dns, postfix):
    settings = {"tracking": {"final_after": "1s"}, "listen": {"trusted_proxies": [f"{FRONT}/32"]}}
    with Rig(folder / "service", certificates, dns, postfix, settings=settings) as rig:
        rig.service.run("stream", "update", "transactional", "--tenant", "customer", "--tracking", "individual")
        _until_measured(rig)
        yield rig


def _until_measured(rig: Rig, within: float = 20.0) -> None:
    """Return once every process knows the stream's new mode, which it must within seconds: who sends, and who is hit."""
    until, tries = time.monotonic() + within, 0
    while b"/o/" not in (html := _arrived(rig, f"probe{tries}@example.test")):
        assert time.monotonic() < until, "the stream's new mode is not known"
        tries += 1
    (pixel,) = re.findall(r'src="[a-z]+://[^/"]+(/o/[^"]+)"', html.decode())
    while not any(each["hit"] for each in rig.events(f"probe{tries}@example.test")):
        assert time.monotonic() < until, "the stream's new mode is not known to who answers hits"
        _ask(rig, pixel, "203.0.113.1", CHROME)
        time.sleep(0.3)


def _ask(rig: Rig, path: str, address: str, agent: str, *, method: str = "GET", purpose: str = "") -> str:
    """Follow a link as somebody at an address would, through the front; return where it leads, or what was sent."""
    fields = {"X-Forwarded-For": address, "User-Agent": agent} | ({"Sec-Purpose": purpose} if purpose else {})
    front = HTTPConnection(rig.service.address, rig.service.public, timeout=20, source_address=(FRONT, 0))
    with closing(front):
        front.request(method, path, headers=fields)
        answer = front.getresponse()
        return answer.headers["Location"] or answer.headers["Content-Type"]


def _arrived(rig: Rig, recipient: str) -> bytes:
    """Send to a recipient; return the HTML that arrived."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "shop@customer.test", recipient, "News"
    message.set_content("News")
    message.add_alternative(f"<html><body>{PAGES}</body></html>", subtype="html")
    rig.send(recipient, message=message)
    (arrived,) = rig.arrived(recipient)
    (html,) = [part for part in message_from_bytes(arrived).walk() if part.get_content_type() == "text/html"]
    content = html.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def _paths(rig: Rig, recipient: str) -> tuple[str, list[str]]:
    """Send to a recipient; return the paths of pixel and links in what arrived."""
    html = _arrived(rig, recipient).decode()
    (pixel,) = re.findall(r'src="[a-z]+://[^/"]+(/o/[^"]+)"', html)
    links = re.findall(r'href="[a-z]+://[^/"]+(/c/[^"]+)"', html)
    assert len(links) == 4
    return pixel, links


def _hits(rig, recipient: str, count: int, within: float = 40.0) -> list[tuple[str, str, bool]]:
    """Return kind, class and whether it is the first, of each hit on a recipient's message, once there are so many."""
    until = time.monotonic() + within
    while True:
        found = [each for each in rig.events(recipient) if each["hit"]]
        if len(found) >= count or time.monotonic() > until:
            return sorted((each["kind"], each["hit"]["agent"], each["hit"]["first"]) for each in found)
        time.sleep(0.3)


def test_people_and_machines_are_told_apart_through_the_whole_service(service):
    rig = service
    reader, apple, scanned, shared, ahead = (f"{name}@example.test" for name in ("ann", "bob", "cleo", "dan", "eve"))

    pixel, links = _paths(rig, reader)
    assert _ask(rig, pixel, "203.0.113.5", CHROME) == "image/gif"
    assert _ask(rig, links[0], "203.0.113.5", CHROME) == "https://shop.test/1?person=7"
    assert _ask(rig, links[0], "203.0.113.5", CHROME) == "https://shop.test/1?person=7"

    pixel, _ = _paths(rig, apple)
    _ask(rig, pixel, "203.0.113.6", "Mozilla/5.0")

    pixel, links = _paths(rig, scanned)
    _ask(rig, pixel, "203.0.113.7", CHROME)
    with ThreadPoolExecutor(4) as scanner:
        targets = list(scanner.map(lambda link: _ask(rig, link, "203.0.113.7", CHROME), links))
    assert sorted(targets) == [f"https://shop.test/{n}?person=7" for n in range(1, 5)], (
        "scanners are answered as all are"
    )

    _, links = _paths(rig, shared)
    _ask(rig, links[1], "203.0.113.8", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")

    _, links = _paths(rig, ahead)
    _ask(rig, links[2], "203.0.113.9", CHROME, purpose="prefetch")
    _ask(rig, links[3], "203.0.113.9", CHROME, method="HEAD")

    assert _hits(rig, reader, 3) == [("clicked", "human", False), ("clicked", "human", True), ("opened", "human", True)]
    assert _hits(rig, apple, 1) == [("opened", "proxy_prefetch", False)]
    assert _hits(rig, scanned, 5) == [("clicked", "scanner", False)] * 4 + [("opened", "scanner", False)]
    assert _hits(rig, shared, 1) == [("clicked", "preview", False)]
    assert _hits(rig, ahead, 1) == [("clicked", "preview", False)]
    click = next(each for each in rig.events(reader) if each["kind"] == "clicked")
    assert (click["hit"]["url"], click["hit"]["client"], bool(click["site"])) == ("https://shop.test/1", "chrome", True)
    assert rig.service.cli("tracking", "recompute")["changed"] == 0
    assert "person=7" not in str(rig.service.events()), "a label names no person"
