"""A dialect: what another service says over HTTP, as an application of its own beside our API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from estafette.web import problems
from estafette.web.caps import BodyCap, mail_cap
from estafette.web.problems import Problem
from estafette.web.services import Services


@dataclass(frozen=True)
class Dialect:
    """One foreign form. name: its prefix, and its key in the section ``dialects``.

    routes: its resources, with paths as that service has them. render: makes an error in its form of a problem.
    """

    name: str
    routes: Callable[[Services], APIRouter]
    render: Callable[[Problem], JSONResponse]

    def app(self, services: Services) -> ASGIApp:
        """Return the application; whatever goes wrong in it is told in the dialect's form."""
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        problems.install(app, self.render)
        app.include_router(self.routes(services))
        return BodyCap(app, mail_cap(services.settings.limits.message_size), self.render)
