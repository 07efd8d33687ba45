"""What outgoing mail carries so that complaints about it find their way back, and are known when they do.

``CFBL-Address`` and ``CFBL-Feedback-ID`` (RFC 9477), ``Feedback-ID`` (Gmail's feedback loop), ``List-Id`` (RFC 2919):
all of them under our signatures. People's letters carry none of it: nobody reports those by the million.
"""

from __future__ import annotations

import re
from base64 import b32encode
from functools import lru_cache
from hashlib import sha256

from estafette.mail.headers import Head
from estafette.model.message import Content, Delivery
from estafette.relay.preparation.context import PreparationContext

#: Whom the kind of a stream wants told apart in Gmail's statistics, and whose mail is of a list.
REPORTED = frozenset({"transactional", "bulk"})
LISTED = frozenset({"bulk"})
#: Takes reports, of programs and people alike; see ``ROLES`` of the gate of the ``mx`` listeners.
ROLE = "abuse"
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]{1,190}")
_LETTERS = 12


def feedback_fields(content: Content, delivery: Delivery, head: Head, context: PreparationContext) -> bytes:
    """Return the fields, each on one line; b"" for mail that wants none, or is signed by somebody else.

    A field that the sender has written stays the only one of its name.
    """
    writer = context.writer
    if writer is None or content.kind not in REPORTED or not content.tenant or head.contains(b"dkim-signature"):
        return b""
    fields = {"Feedback-ID": feedback_id(content, context)}
    if content.kind in LISTED:
        fields["List-Id"] = list_id(content)
    if not head.contains(b"cfbl-address"):
        fields["CFBL-Feedback-ID"] = writer.complaint(content, delivery)
        fields["CFBL-Address"] = cfbl_address(context)
    missing = {name: value for name, value in fields.items() if value and not head.contains(name.lower().encode())}
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in missing.items())


def feedback_id(content: Content, context: PreparationContext) -> str:
    """Return ``CAMPAIGN:STREAM:TENANT:SENDER``: marks that say nothing to strangers, and stay the same for years.

    Of a campaign, else of a template; SENDER stands for this service, 5 to 15 characters as Gmail wants it.
    """
    tenant = content.tenant
    campaign = content.campaign or content.template.partition("@")[0]
    of_campaign = mark(tenant, "campaign", campaign) if campaign else ""
    service = mark(context.return_path_domain.lower())
    return ":".join((of_campaign, mark(tenant, "stream", content.stream), mark(tenant), service))


@lru_cache(maxsize=4_096)
def mark(*words: str) -> str:
    """Return the letters that stand for something in Feedback-ID."""
    return b32encode(sha256("\0".join(words).encode()).digest())[:_LETTERS].decode().lower()


def list_id(content: Content) -> str:
    """Return the identifier of a stream's list, within the sender's own domain; "" when there is no way to write it."""
    if _LABEL.fullmatch(content.stream) is None or _DOMAIN.fullmatch(content.header_from) is None:
        return ""
    return f"<{content.stream}.{content.header_from}>"


def cfbl_address(context: PreparationContext) -> str:
    """Return where reports go, "" without a signature that covers the address (RFC 9477 section 3.1).

    That is the service's own, which is only made while its key is published.
    """
    domain = next((key.domain for key in context.service_keys), "")
    return f"{ROLE}@{domain}; report=arf" if domain else ""
