"""The backend: hands messages in and says what became of each recipient, from the answer itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailRequestsAPIError
from anymail.message import AnymailRecipientStatus
from anymail.utils import CaseInsensitiveCasePreservingDict, get_anymail_setting

from anymail_estafette.payload import EstafettePayload

#: Rule by which a recipient is refused -> anymail's word; every other refusal is ``failed``.
_WORDS = {
    "invalid_address": "invalid",
    "recipient_literal": "invalid",
    "recipient_routing": "invalid",
    "suppressed": "rejected",
    "recipient_not_allowed": "rejected",
}


class EmailBackend(AnymailRequestsBackend):
    """Sends through Estafette.

    Settings within ``ANYMAIL``: ``ESTAFETTE_API_URL``, such as ``https://mail.example.net``, and ``ESTAFETTE_API_KEY``.
    """

    esp_name = "Estafette"

    def __init__(self, **kwargs: Any) -> None:
        self.api_key = get_anymail_setting("api_key", esp_name=self.esp_name, kwargs=kwargs, allow_bare=True)
        url = get_anymail_setting("api_url", esp_name=self.esp_name, kwargs=kwargs)
        super().__init__(url if url.endswith("/") else f"{url}/", **kwargs)

    def build_message_payload(self, message: Any, defaults: Any) -> EstafettePayload:
        """Return the request for a message."""
        return EstafettePayload(message, defaults, self)

    def raise_for_status(self, response: requests.Response, payload: EstafettePayload, message: Any) -> None:
        """Raise unless it was taken, or no recipient is left, which ``parse_recipient_status`` tells."""
        if _refused_all(response) is None:
            super().raise_for_status(response, payload, message)

    def parse_recipient_status(
        self, response: requests.Response, payload: EstafettePayload, message: Any
    ) -> dict[str, AnymailRecipientStatus]:
        """Return the status of each recipient; the id is ``ID.N``, as in events."""
        refused = _refused_all(response)
        first = AnymailRecipientStatus(None, refused or "unknown")
        found = CaseInsensitiveCasePreservingDict({each.addr_spec: first for each in payload.everybody})
        if refused is not None:
            return dict(found)
        told = self.deserialize_json_response(response, payload, message)
        try:
            found.update(_statuses(told, payload))
        except (KeyError, TypeError, AttributeError) as error:
            raise AnymailRequestsAPIError(
                "Invalid Estafette API response format",
                email_message=message, payload=payload, response=response, backend=self,
            ) from error  # fmt: skip
        return dict(found)


def _refused_all(response: requests.Response) -> str | None:
    """Return anymail's word when every recipient is refused; None when it is anything else."""
    if response.status_code not in {403, 422}:
        return None
    try:
        told = response.json()
        place = str(told.get("field", "")).split(".")
    except (ValueError, AttributeError):
        return None
    names = {"to", "cc", "bcc", "recipients"}
    return _WORDS.get(told.get("code")) if names & set(place[:1] + place[2:3]) else None


def _statuses(told: Mapping[str, Any], payload: EstafettePayload) -> dict[str, AnymailRecipientStatus]:
    """Return the status of each recipient that an answer names, and of whom a refused message of a batch was for."""
    items = told["items"] if payload.is_split() else [told]
    found = {}
    for item, to in zip(items, payload.data.get("to") or [{}] * len(items), strict=False):
        if item["status"] == "refused":
            found[to["email"]] = AnymailRecipientStatus(None, _word(item))
        for each in item["recipients"]:
            status = "queued" if each["status"] == "accepted" else _word(each)
            found[each["recipient"]] = AnymailRecipientStatus(each.get("id"), status)
    return found


def _word(refused: Mapping[str, Any]) -> str:
    return _WORDS.get(str((refused.get("problem") or {}).get("code")), "failed")
