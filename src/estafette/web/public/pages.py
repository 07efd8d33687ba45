"""Pages of words for recipients, in English and French; they work without JavaScript, and ask for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from estafette.web.languages import preferred
from estafette.web.public.answers import Answer, Header
from estafette.web.public.preferences import Shown
from estafette.web.public.words import ENGLISH, FRENCH

if TYPE_CHECKING:
    from jinja2 import Template

POLICY: Header = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
)


class Pages:
    """Renders ``recipient.html`` and ``preferences.html``."""

    def written(self, language: str, status: int, page: str, *, button: bool = False, **named: str) -> Answer:
        """Return a page: ``words`` has its title and text under ``page``. language: an Accept-Language header.

        button: it asks to confirm, by a POST to where it stands. named: what the words name.
        """
        w = FRENCH if preferred(language) == "fr" else ENGLISH
        text = w[f"{page}_text"].format(**named)
        html = _template("recipient.html").render(
            w=w, title=w[page], text=text, button=w[f"{page}_button"] if button else ""
        )
        return Answer(status, html.encode(), b"text/html; charset=utf-8", [POLICY])

    def preferences(
        self, language: str, status: int, sender: str, choices: Sequence[Shown], *, current: str, saved: bool
    ) -> Answer:  # fmt: skip
        """Return the page on which a reader chooses among topics. current: title of that of the message, "" for none.

        saved: says first that what it shows was just chosen.
        """
        w = FRENCH if preferred(language) == "fr" else ENGLISH
        title = w["topics"].format(sender=sender) if sender else w["topics_unnamed"]
        html = _template("preferences.html").render(
            w=w, title=title, choices=choices, current=current, saved=w["saved"] if saved else ""
        )
        return Answer(status, html.encode(), b"text/html; charset=utf-8", [POLICY])


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("estafette.web.public"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return found.get_template(name)
