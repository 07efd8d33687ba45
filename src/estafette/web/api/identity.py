"""Which credential calls: for routes that send mail, or read what became of one's own."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from estafette.model.credential import Identity
from estafette.web.api.actor import Caller, May
from estafette.web.problems import Problem
from estafette.web.services import Services


def caller(services: Services, permission: str = "read") -> Callable[..., Awaitable[Identity]]:
    """Return the dependency that names the credential; 403 when something else calls, such as an operator's key."""

    async def identity(called: Annotated[Caller, Depends(May(services, permission, counted=False))]) -> Identity:
        if called.identity is None:
            fix = "use the api_key of a credential"
            raise Problem(403, "credential_needed", "mail is sent, and followed, with a credential", fix)
        return called.identity

    return identity
