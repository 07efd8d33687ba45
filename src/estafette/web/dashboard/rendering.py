"""Pages from templates: everything is escaped, nothing runs in the browser, nothing is loaded from outside."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from estafette.web import shapes
from estafette.web.dashboard.words import words

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_templates = Environment(
    loader=PackageLoader("estafette.web.dashboard"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
_templates.filters["moment"] = shapes.readable


def rendered(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page in the reader's language."""
    said = words(request.headers.get("accept-language", ""))
    return HTMLResponse(_templates.get_template(name).render(w=said, **values), status, HEADERS)
