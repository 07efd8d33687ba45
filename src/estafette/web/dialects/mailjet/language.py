"""Mailjet's template language in texts of a request, put into ours."""

from __future__ import annotations

from estafette.mail.templates.faults import TemplateFault
from estafette.mail.templates.foreign import mailjet
from estafette.relay.submission.wrong import wrong


def translated(text: str, field: str) -> str:
    """Return a text in our template language; Wrong names field, line and construct when it has no counterpart."""
    try:
        return mailjet.translate(text, field)
    except TemplateFault as fault:
        raise wrong(fault.code, str(fault), fault.fix, field) from None
