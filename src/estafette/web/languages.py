"""The language that a reader wants."""

from __future__ import annotations

from estafette.model.user import Language


def preferred(accept_language: str) -> Language:
    """Return the language of an Accept-Language header (RFC 9110 section 12.5.4): French if preferred."""
    liked = {"en": 0.0, "fr": 0.0}
    for place, item in enumerate(accept_language[:500].split(",")):
        name, _, quality = item.strip().partition(";")
        base = name.strip().lower().partition("-")[0]
        if base in liked:
            liked[base] = max(liked[base], _quality(quality) - place / 1000)
    return "fr" if liked["fr"] > liked["en"] else "en"


def _quality(text: str) -> float:
    value = text.strip().removeprefix("q=") if text else "1"
    try:
        return min(1.0, float(value))
    except ValueError:
        return 0.0
