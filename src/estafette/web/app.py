"""The application on ``listen.http``: API, page, health."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from estafette import __version__
from estafette.web import health, problems
from estafette.web.api import (
    alerts,
    audit,
    batches,
    consents,
    credentials,
    document,
    domains,
    emails,
    erasures,
    events,
    inbound,
    insight,
    invitations,
    keys,
    looks,
    operators,
    paces,
    packs,
    plans,
    queue,
    reports,
    senders,
    session,
    statements,
    statistics,
    streams,
    suppressions,
    suspensions,
    templates,
    tenants,
    tickets,
    topics,
    usage,
    users,
    webhooks,
)
from estafette.web.api import (
    routes as inbound_routes,
)
from estafette.web.caps import BodyCap, mail_cap
from estafette.web.dashboard import account, pages, providers
from estafette.web.dialects.brevo import resources as brevo
from estafette.web.dialects.mailjet import resources as mailjet
from estafette.web.dialects.postmark import resources as postmark
from estafette.web.dialects.switchboard import Switchboard
from estafette.web.dialects.turbosmtp import resources as turbosmtp
from estafette.web.rates import RateHeaders
from estafette.web.services import Services

#: Resources of the service, and of whoever calls.
OF_THE_SERVICE = (batches, emails, events, queue, tenants, operators, plans, session)
#: Resources that belong to a tenant: the path names it, or the key implies it.
OF_A_TENANT = (
    users,
    invitations,
    keys,
    audit,
    credentials,
    domains,
    senders,
    streams,
    topics,
    looks,
    suppressions,
    erasures,
    consents,
    templates,
    webhooks,
    inbound_routes,
    packs,
    usage,
    statements,
    statistics,
    insight,
    alerts,
    paces,
    suspensions,
    tickets,
    reports,
    inbound,
)
#: Foreign services that we answer in their own form, each below its prefix and on hosts of its own.
DIALECTS = (brevo.DIALECT, mailjet.DIALECT, postmark.DIALECT, turbosmtp.DIALECT)


def create_app(services: Services) -> ASGIApp:
    """Return the ASGI application over these services."""
    api = BodyCap(routes(services), mail_cap(services.settings.limits.message_size))
    return Switchboard(api, services, DIALECTS)


def routes(services: Services) -> FastAPI:
    """Return the rooms under their paths, without the cap on bodies."""
    app = FastAPI(
        title="Estafette",
        version=__version__,
        summary="Submit mail and follow what becomes of it.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    document.install(app)
    app.add_middleware(RateHeaders)
    for room in OF_THE_SERVICE:
        app.include_router(room.router(services), prefix="/v1")
    app.include_router(invitations.acceptance(services), prefix="/v1")
    app.include_router(domains.zone(services), prefix="/v1")
    app.include_router(plans.feature_list(services), prefix="/v1")
    for room in OF_A_TENANT:
        made = room.router(services)
        app.include_router(made, prefix="/v1")
        app.include_router(made, prefix="/v1/tenants/{tenant}")
    app.include_router(health.router(services))
    app.include_router(pages.router(services), include_in_schema=False)
    app.include_router(providers.router(services), include_in_schema=False)
    app.include_router(account.router(services), include_in_schema=False)
    return app
