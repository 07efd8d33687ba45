"""Statistics of Mailjet that we do not answer: each says so by its name, to whoever has a key."""

from fastapi import APIRouter, Depends

from estafette.web.dialects.mailjet.user import user
from estafette.web.dialects.translation import refused
from estafette.web.services import Services

_COUNTERS = "ask /v3/REST/statcounters, which took its place"
_EVENTS = "events are told by GET /v1/events, and to webhooks"
#: Names of resources -> what is there instead.
_INSTEAD = {
    **dict.fromkeys(
        ("apikeytotals", "campaigngraphstatistics", "campaignstatistics", "graphstatistics", "liststatistics",
         "messagestatistics", "messagesentstatistics", "openstatistics", "campaignoverview"), _COUNTERS,
    ),
    **dict.fromkeys(("bouncestatistics", "clickstatistics", "openinformation"), _EVENTS),
    **dict.fromkeys(("contactstatistics", "listrecipientstatistics"), "there are no contacts here"),
    "domainstatistics": "ask /v3/REST/statistics/recipient-esp, which took its place",
    "toplinkclicked": "ask /v3/REST/statistics/link-click",
    "senderstatistics": "statistics by domain: GET /v1/statistics?group=domain",
    "useragentstatistics": "statistics by program: GET /v1/statistics?group=client",
    "geostatistics": "countries stand in the events: GET /v1/events",
}  # fmt: skip


def add(routes: APIRouter, services: Services) -> None:
    """Add a route for each of them."""
    for name, instead in _INSTEAD.items():
        _add(routes, services, name, instead)


def _add(routes: APIRouter, services: Services, name: str, instead: str) -> None:
    async def lacking() -> None:
        """Refuse."""
        raise refused(f"/v3/REST/{name}", "is not answered in this form", instead)

    for path in (f"/v3/REST/{name}", f"/v3/REST/{name}/{{rest:path}}"):
        routes.add_api_route(path, lacking, methods=["GET"], dependencies=[Depends(user(services))])
