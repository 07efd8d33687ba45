"""``/healthz`` and ``/readyz``: the process lives; the service takes mail."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from estafette.web.services import Services


def router(services: Services) -> APIRouter:
    """Return the two routes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Answer as long as the process lives."""
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        """Answer 200 when mail is accepted, 503 with the reason when not."""
        health = services.spool.health()
        body = {"status": "ready" if health.accepting else "not ready", "why": health.why}
        return JSONResponse(body, 200 if health.accepting else 503)

    return routes
