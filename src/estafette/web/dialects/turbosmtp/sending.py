"""``/api/v2/mail/send``: one message, for all of its recipients."""

from typing import Any

from fastapi import APIRouter, Request

from estafette.model.credential import Identity
from estafette.web.dialects import translation
from estafette.web.dialects.caller import by_pair
from estafette.web.dialects.turbosmtp.errors import no_credential
from estafette.web.dialects.turbosmtp.form import Message
from estafette.web.problems import of_trouble
from estafette.web.services import Services


def add(routes: APIRouter, services: Services) -> None:
    """Add the route."""

    @routes.post("/api/v2/mail/send")
    async def send(given: dict[str, Any], request: Request) -> dict[str, Any]:
        """Submit a message; 200 once it is taken and safe on disk."""
        identity = _caller(services, request, given)
        letter = translation.read(Message, given).letter()
        (result,) = await translation.post(services, request, identity, [letter])
        if result.trouble is not None:
            raise of_trouble(result.trouble)
        return {"message": "OK", "mid": result.id}


def _caller(services: Services, request: Request, given: dict[str, Any]) -> Identity:
    """Return the credential: its user name and password stand in two header fields, or in the body."""
    username, password = request.headers.get("consumerkey", ""), request.headers.get("consumersecret", "")
    if not (username or password):
        username, password = (str(given.get(name) or "") for name in ("authuser", "authpass"))
    if not (username and password):
        raise no_credential(f"{request.method} {request.url.path}")
    return by_pair(services, request, username, password)
