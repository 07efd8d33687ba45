"""Late writing: one recipient's message from the recipe that was kept, the same every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from estafette.mail.compose import compose
from estafette.mail.plain import plain
from estafette.mail.templates.engine import Sheet, compiled, values_of
from estafette.model.recipe import Draft, Recipe, unpack


def write(recipe: Recipe, number: int) -> bytes:
    """Return the message for the recipient of this number, from 1. TemplateFault; and as ``compose`` raises."""
    return recipe.prefix + compose(draft_for(recipe, number))


def draft_for(recipe: Recipe, number: int) -> Draft:
    """Return what the message for a recipient is composed from. TemplateFault."""
    draft, layers = recipe.draft, [recipe.data]
    to, message_id = draft.to, draft.message_id
    if recipe.people:
        person = recipe.people[number - 1]
        local, _, domain = message_id.partition("@")
        to, message_id = (person.mailbox,), f"{local}.{number}@{domain}"
        layers.append(dict(person.data))
    subject, text, html = _texts(recipe, layers)
    return msgspec.structs.replace(
        draft, to=to, message_id=message_id, seed=f"{draft.seed}_{number}", subject=subject, text=text, html=html
    )


def _texts(recipe: Recipe, layers: Sequence[Mapping[str, Any]]) -> tuple[str, str, str]:
    draft = recipe.draft
    if not recipe.templated:
        return draft.subject, draft.text, draft.html
    values, sheet = values_of(*layers), sheet_of(recipe)
    html = sheet.render("html", values)
    text = sheet.render("text", values) if draft.text else plain(html)
    return " ".join(sheet.render("subject", values).split()), text, html


@lru_cache(maxsize=8)
def opened(body: bytes) -> Recipe:
    """Return the recipe of a stored body; many recipients of one letter are written one after the other."""
    return unpack(body)


def sheet_of(recipe: Recipe) -> Sheet:
    """Return the compiled texts of a recipe. TemplateFault."""
    draft = recipe.draft
    own = (("subject", draft.subject), ("text", draft.text), ("html", draft.html))
    return compiled((*((part, source) for part, source in own if source), *recipe.parts))
