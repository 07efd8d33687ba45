"""Assembly of what recipients reach; nothing of the API is loaded for it."""

from __future__ import annotations

from functools import partial

from estafette.runtime.assemble import Unit
from estafette.runtime.http import serve
from estafette.runtime.offices import office_of
from estafette.web.guard import Guard
from estafette.web.public.app import create_public
from estafette.web.public.links import Desk


async def open_public(unit: Unit) -> None:
    """Open the listener of recipients."""
    settings = unit.settings
    app = create_public(Desk(partial(office_of, unit), Guard(unit.clock)))
    await serve(unit, app, settings.listen.public, shared=settings.runtime.public > 1)
