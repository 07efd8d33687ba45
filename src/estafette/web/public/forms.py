"""What a POST says: the fields of a form, in either encoding."""

from __future__ import annotations

from collections import defaultdict
from email.parser import BytesParser
from email.policy import compat32
from urllib.parse import parse_qsl

from estafette.web.public.answers import Receive

#: Octets of a form, and its fields.
MOST = 10_000
_FIELDS = 200


def fields(content_type: str, body: bytes) -> dict[str, list[str]]:
    """Return the values of each field, by its name in lower case; {} for what is no form."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    multipart = content_type.lower().startswith("multipart/form-data")
    for name, value in _multipart(content_type, body) if multipart else _urlencoded(body):
        found[name.strip().lower()].append(value.strip())
    return dict(found)


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace").strip(), max_num_fields=_FIELDS)
    except ValueError:  # more fields than any form of ours
        return []


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    head = b"Content-Type: " + content_type.encode("latin-1").replace(b"\n", b" ").replace(b"\r", b" ") + b"\r\n\r\n"
    found = []
    for part in BytesParser(policy=compat32).parsebytes(head + body).walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found.append((name, content.decode("utf-8", "replace")))
    return found[:_FIELDS]


async def read(receive: Receive) -> bytes | None:
    """Return the body of a request, None when it is larger than any form of ours."""
    body = b""
    while True:
        message = await receive()
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > MOST:
            return None
        if not message.get("more_body", False):
            return body
