"""What an answer means for a call, and the words that its log has for it."""

from __future__ import annotations

from typing import Literal

#: done: it is over. again: it is made again. gone: the endpoint wants no more calls (Standard Webhooks, 410).
Verdict = Literal["done", "again", "gone"]

_WORDS = {
    400: "it did not understand the call",
    401: "it wants another authorization; give the webhook a new one",
    403: "it does not let the call in",
    404: "there is nothing at this path",
    405: "it takes no POST at this path",
    410: "it wants no more calls: the webhook is disabled",
    413: "the body is larger than it takes",
    429: "it has had too many calls",
}


def verdict(status: int) -> Verdict:
    """Return what follows from the status of an answer."""
    if 200 <= status <= 299:
        return "done"
    return "gone" if status == 410 else "again"


def explained(status: int) -> str:
    """Return what went wrong, in words; empty for a success."""
    if 200 <= status <= 299:
        return ""
    if 300 <= status <= 399:
        return f"answered {status}: redirects are not followed; give the webhook the address that it leads to"
    words = _WORDS.get(status) or ("its own error" if status >= 500 else "it refused the call")
    return f"answered {status}: {words}"
