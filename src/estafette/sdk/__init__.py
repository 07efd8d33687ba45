"""Estafette's client for Python: send messages, follow them, keep templates.

It needs httpx (``pip install "estafette[sdk]"``) and imports nothing of the service.
"""

from estafette.sdk.answers import Changed, Email, Event, Hit, Page, Placed, Preview, Reply, Sent, Template
from estafette.sdk.attempts import Retries
from estafette.sdk.client import AsyncClient, Client
from estafette.sdk.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NoAnswer,
    NotFound,
    Refused,
    SdkError,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from estafette.sdk.message import Address, Attachment, Message, Person
from estafette.sdk.problem import Mistake, Problem

__all__ = [
    "Address", "AsyncClient", "Attachment", "Changed", "Client", "Conflict", "Email", "Event", "Forbidden", "Hit",
    "Invalid", "Message", "Mistake", "NoAnswer", "NotFound", "Page", "Person", "Placed", "Preview", "Problem",
    "Refused", "Reply", "Retries", "SdkError", "Sent", "Template", "TooMany", "Unauthenticated", "Unavailable",
    "Unreadable",
]  # fmt: skip
