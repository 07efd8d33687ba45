"""From events to the calls that tell of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from estafette.base import ids
from estafette.model.event import Event
from estafette.model.webhook import Call, Webhook
from estafette.webhooks.form import Form, Origin
from estafette.webhooks.masking import masked

#: An event and its position in the log.
Placed = tuple[int, Event]


def calls(
    webhook: Webhook, form: Form, events: Iterable[Placed], *, now: float, personal: Callable[[str, str], bool],
    origins: Mapping[int, Origin],
) -> dict[int, list[Call]]:  # fmt: skip
    """Return the calls of a webhook that events of its tenant are told with, by message, in log order.

    personal: whether mail of (tenant, stream) is its sender's alone. origins: of messages, where the form wants them.
    """
    chains: dict[int, list[Call]] = {}
    for place, event in events:
        if (call := _call(webhook, form, place, event, personal, origins, now)) is not None:
            chains.setdefault(call.message, []).append(call)
    return chains


def _call(
    webhook: Webhook, form: Form, place: int, event: Event, personal: Callable[[str, str], bool],
    origins: Mapping[int, Origin], now: float,
) -> Call | None:  # fmt: skip
    if not webhook.hears(event):
        return None
    origin = origins.get(event.message, Origin())
    # What came in is of no stream, and told to whom the route or the tenant chose.
    if event.kind != "inbound" and personal(event.tenant, event.stream):
        event, origin = masked(event), Origin(domain=origin.domain, apart=origin.apart, private=True)
    body = form.write(event, origin)
    if body is None:
        return None
    # What is told of no message in particular waits for no other.
    return Call(
        webhook=webhook.id, id=f"evt_{ids.show(event.id)}", place=place, message=event.message or event.id,
        kind=event.kind, body=body, created=now,
    )  # fmt: skip
