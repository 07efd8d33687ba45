"""``/v3/account``: what clients look at when they start."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from estafette.tenancy import tenants
from estafette.web.api.actor import Caller
from estafette.web.dialects.brevo.senders import number_of
from estafette.web.dialects.brevo.user import caller
from estafette.web.services import Services


def add(routes: APIRouter, services: Services) -> None:
    """Add the route."""

    @routes.get("/v3/account")
    async def account(called: Annotated[Caller, Depends(caller(services, "read"))]) -> dict[str, Any]:
        """Return whose key it is, and where mail is taken. A plan's rest is not told here."""
        settings = services.settings
        tenant: Any = await called.run(tenants.show, called.tenant)
        name = called.identity.username if called.identity else called.actor.name
        port = next((port for _, port in settings.listen.submission), 587)
        return {
            "organization_id": tenant["id"],
            "user_id": number_of(called.actor.id),
            "enterprise": False,
            "companyName": tenant["name"],
            "email": name,
            "firstName": "",
            "lastName": "",
            "address": {"street": "", "zipCode": "", "city": "", "country": ""},
            "plan": [],
            "planVerticals": [],
            "marketingAutomation": {"enabled": False},
            "relay": {
                "enabled": True,
                "data": {"userName": name, "relay": settings.service.hostname, "port": port},
            },
        }
