"""A receiver's view of unsubscribing, written from RFC 8058 (and 2369 for the field): what a large mailbox provider does.

Nothing here knows the sender's code. ``examine`` judges a delivered message as it stands; ``post`` does what the button
of a mail program does. Each broken rule is a ``Broken`` with the section that says so.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import uuid
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import dkim
from tests.servers.dns import DnsServer

POST_FIELD, POST_VALUE = "List-Unsubscribe", "One-Click"


class Broken(AssertionError):
    """A rule of the RFC that a message or a server does not keep."""


class Offer(NamedTuple):
    """What a message offers. https: the address for the POST; mail: (address, subject) for a mail, None without."""

    https: str
    mail: tuple[str, str] | None


class Answer(NamedTuple):
    """What came back on a POST."""

    status: int
    headers: dict[str, str]
    body: bytes


def examine(raw: bytes, dns: DnsServer) -> Offer:
    """Judge a message; Broken names the first rule that it does not keep."""
    message = message_from_bytes(raw, policy=compat32)
    fields, post = message.get_all("List-Unsubscribe", []), message.get_all("List-Unsubscribe-Post", [])
    if len(fields) != 1 or len(post) != 1:
        raise Broken("3.1: one List-Unsubscribe and one List-Unsubscribe-Post")
    if post[0].strip() != f"{POST_FIELD}={POST_VALUE}":
        raise Broken("3.1: List-Unsubscribe-Post contains the single pair List-Unsubscribe=One-Click")
    uris = addresses(fields[0])
    https = [uri for uri in uris if uri.lower().startswith("https://")]
    if len(https) < 1:
        raise Broken("3.1: List-Unsubscribe contains an HTTPS URI")
    _covered(raw, message, dns)
    return Offer(https[0], next((_mail(uri) for uri in uris if uri.lower().startswith("mailto:")), None))


def addresses(field: str) -> list[str]:
    """Return the URIs of a field in its order (RFC 2369 section 2): between angle brackets; white space is no part."""
    bare = re.sub(r"\([^()]*\)", "", field)
    return [re.sub(r"\s", "", uri) for uri in re.findall(r"<([^<>]*)>", bare)]


def _mail(uri: str) -> tuple[str, str]:
    """Return address and subject of a mailto URI (RFC 6068)."""
    parts = urlsplit(uri)
    fields = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    return unquote(parts.path), unquote(fields.get("subject", ""))


def _covered(raw: bytes, message: Message, dns: DnsServer) -> None:
    """4: a valid DKIM signature covers both fields at least; any one that does will do."""
    verifier = dkim.DKIM(raw)
    for index in range(len(message.get_all("DKIM-Signature", []))):
        if not verifier.verify(index, dnsfunc=lambda name, timeout=5: dns.txt(name, timeout)):
            continue
        signed = {name.strip().lower() for name in verifier.signature_fields[b"h"].split(b":")}
        if {b"list-unsubscribe", b"list-unsubscribe-post"} <= signed:
            return
    raise Broken("4: no valid DKIM signature covers List-Unsubscribe and List-Unsubscribe-Post")


def post(
    offer: Offer, at: tuple[str, int], trusted: ssl.SSLContext, form: Literal["urlencoded", "multipart"] = "multipart"
) -> Answer:  # fmt: skip
    """Do what the button does: a POST over verified TLS, without cookies, authorization or any other context (3.1).

    at: where the host of the address really listens, since tests own no name of the internet.
    """
    where = urlsplit(offer.https)
    assert where.hostname is not None
    if form == "urlencoded":
        kind, body = "application/x-www-form-urlencoded", f"{POST_FIELD}={POST_VALUE}".encode()
    else:
        mark = uuid.uuid4().hex
        kind = f"multipart/form-data; boundary={mark}"
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{POST_FIELD}"\r\n\r\n{POST_VALUE}\r\n--{mark}--\r\n'
        ).encode()
    connection = http.client.HTTPConnection(where.hostname)
    connection.sock = trusted.wrap_socket(socket.create_connection(at, 20), server_hostname=where.hostname)
    try:
        connection.request(
            "POST", where.path + (f"?{where.query}" if where.query else ""), body, {"Content-Type": kind}
        )
        found = connection.getresponse()
        answer = Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read(100_000))
    finally:
        connection.close()
    return judged(answer)


def judged(answer: Answer) -> Answer:
    """Return an answer that a receiver takes for a yes; Broken for any other."""
    if 300 <= answer.status < 400 or "location" in answer.headers:
        raise Broken("3.1: the server must not return a redirect")
    if not 200 <= answer.status < 300:
        raise Broken(f"3.2: the POST performs the unsubscription; it was answered {answer.status}")
    if "set-cookie" in answer.headers or "www-authenticate" in answer.headers:
        raise Broken("3.1: no cookies, no authorization: the URI itself says all that is needed")
    return answer
