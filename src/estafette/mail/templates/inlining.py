"""What is done to HTML once, when it is saved: MJML compiled, CSS inlined. Nothing is fetched, no file is read."""

from __future__ import annotations

import re

import css_inline
import mrml

from estafette.mail.templates.dialect import tags
from estafette.mail.templates.faults import TemplateFault

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, keep_link_tags=True)
_STYLE = re.compile(r"<style[\s>]", re.IGNORECASE)
_STANDING = re.compile(r"<!--estafette(\d+)-->|estafette(\d+)estafette")


def compile_mjml(source: str) -> str:
    """Return the HTML of an MJML document. TemplateFault."""
    try:
        return mrml.to_html(source, mrml.ParserOptions(include_loader=mrml.noop_loader())).content
    except (OSError, ValueError, RuntimeError) as error:
        fix = "see the MJML reference; values and tags stand in mj-text, mj-raw and attributes"
        raise TemplateFault("invalid_mjml", _plain(error), part="html", fix=fix) from None


def inline(html: str) -> str:
    """Return HTML with its style sheets as style attributes; media queries stay. TemplateFault.

    Tags of the template stand aside meanwhile: as comments between elements, as words inside them.
    """
    if _STYLE.search(html) is None:
        return html
    held = tags(html)
    try:
        made = _INLINER.inline(_set_aside(html, held))
    except (css_inline.InlineError, ValueError) as error:
        raise TemplateFault("invalid_css", _plain(error), part="html") from None
    back = {int(found[1] or found[2]) for found in _STANDING.finditer(made)}
    if back != set(range(len(held))):
        lost = next(tag for number, tag in enumerate(held) if number not in back)
        fix = "move the tag out of the style sheet, or save with inline_css false"
        raise TemplateFault("invalid_css", f"inlining loses {lost[:80]}", part="html", fix=fix)
    return _STANDING.sub(lambda found: held[int(found[1] or found[2])], made)


def _set_aside(html: str, held: list[str]) -> str:
    pieces: list[str] = []
    inside, at = False, 0
    for number, tag in enumerate(held):
        start = html.index(tag, at)
        before = html[at:start]
        inside = _inside(before, inside)
        pieces += [before, f"estafette{number}estafette" if inside else f"<!--estafette{number}-->"]
        at = start + len(tag)
    return "".join([*pieces, html[at:]])


def _inside(before: str, inside: bool) -> bool:
    """Return whether what follows stands inside an element or a style sheet. inside: whether ``before`` begins so."""
    low = before.lower()
    opened, closed = low.rfind("<style"), low.rfind("</style")
    if opened > closed:
        return True
    left, right = before.rfind("<"), before.rfind(">")
    return left > right if left != right else inside


def _plain(error: Exception) -> str:
    return "".join(character if character.isprintable() else " " for character in str(error))[:200]
