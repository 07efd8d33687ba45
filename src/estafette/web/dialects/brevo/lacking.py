"""Resources of Brevo that we do not answer: each says so by its name, to whoever has a key."""

from fastapi import APIRouter, Depends

from estafette.web.dialects.brevo.user import caller
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
#: Beginnings of paths -> what is there instead.
_INSTEAD = {
    "smtp/log": "events are forgotten when settings say so (retention.events)",
    "senders/ips": "the service chooses the address it sends from",
    "contacts": "there are no contacts here; give values in params",
    "emailCampaigns": "there are no campaigns here; send with messageVersions",
    "transactionalSMS": "mail alone is sent here",
    "whatsapp": "mail alone is sent here",
}


def add(routes: APIRouter, services: Services) -> None:
    """Add a route for each of them."""
    for name, instead in _INSTEAD.items():
        _add(routes, services, name, instead)


def _add(routes: APIRouter, services: Services, name: str, instead: str) -> None:
    async def lacking() -> None:
        """Refuse."""
        raise refused(f"/v3/{name}", "is not answered in this form", instead)

    for path in (f"/v3/{name}", f"/v3/{name}/{{rest:path}}"):
        routes.add_api_route(path, lacking, methods=_METHODS, dependencies=[Depends(caller(services, "read"))])
