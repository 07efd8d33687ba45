"""The resources under their paths."""

from __future__ import annotations

from fastapi import APIRouter

from estafette.web.api.mail_route import MailRoute
from estafette.web.dialects.dialect import Dialect
from estafette.web.dialects.mailjet import (
    callbacks,
    campaigns,
    contacts,
    lacking,
    legacy,
    messages,
    senders,
    sending,
    statistics,
)
from estafette.web.dialects.mailjet.errors import render
from estafette.web.services import Services


def routes(services: Services) -> APIRouter:
    """Return what Mailjet's clients find."""
    made = APIRouter(route_class=MailRoute)
    for noun in (sending, legacy, messages, campaigns, statistics, senders, contacts, callbacks, lacking):
        noun.add(made, services)
    return made


DIALECT = Dialect("mailjet", routes, render)
