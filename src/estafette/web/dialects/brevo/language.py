"""Brevo's template language in texts of a request, put into ours."""

from __future__ import annotations

from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.foreign import brevo
from estafette.relay.submission.wrong import wrong

#: What begins a place in a text, or a statement.
_OPEN = ("{{", "{%")


def templated(text: str) -> bool:
    """Return whether a text is a template: Brevo's are, whether values are given or not."""
    return any(mark in text for mark in _OPEN)


def translated(text: str, field: str) -> str:
    """Return a text in our template language; Wrong names field, line and construct when it has no counterpart."""
    try:
        return brevo.translate(text, field)
    except TemplateFault as fault:
        raise wrong(fault.code, str(fault), fault.fix, field) from None
