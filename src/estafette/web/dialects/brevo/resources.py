"""The resources under their paths."""

from __future__ import annotations

from fastapi import APIRouter

from estafette.web.api.mail_route import MailRoute
from estafette.web.dialects.brevo import (
    account,
    blocked,
    domains,
    event_report,
    lacking,
    messages,
    scheduled,
    senders,
    sending,
    statistics,
    templates,
    webhooks,
)
from estafette.web.dialects.brevo.errors import render
from estafette.web.dialects.dialect import Dialect
from estafette.web.services import Services


def routes(services: Services) -> APIRouter:
    """Return what Brevo's clients find."""
    made = APIRouter(route_class=MailRoute)
    for noun in (
        sending,
        scheduled,
        messages,
        templates,
        statistics,
        event_report,
        blocked,
        webhooks,
        lacking,
        domains,
        senders,
        account,
    ):
        noun.add(made, services)
    return made


DIALECT = Dialect("brevo", routes, render)
