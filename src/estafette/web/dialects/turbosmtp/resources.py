"""The resources under their paths."""

from __future__ import annotations

from fastapi import APIRouter

from estafette.web.api.mail_route import MailRoute
from estafette.web.dialects.dialect import Dialect
from estafette.web.dialects.turbosmtp import analytics, sending, suppressions
from estafette.web.dialects.turbosmtp.errors import render
from estafette.web.services import Services


def routes(services: Services) -> APIRouter:
    """Return what a program that speaks turboSMTP's API finds."""
    made = APIRouter(route_class=MailRoute)
    sending.add(made, services)
    analytics.add(made, services)
    suppressions.add(made, services)
    return made


DIALECT = Dialect("turbosmtp", routes, render)
