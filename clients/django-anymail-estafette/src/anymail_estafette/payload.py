"""A Django message as the JSON of ``POST /v1/emails``."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from anymail.backends.base_requests import RequestsPayload
from anymail.utils import Attachment, EmailAddress

#: Fields of a message for all that a message for one has too, with another value.
_OF_ALL = ("to", "data", "metadata", "headers")


class EstafettePayload(RequestsPayload):
    """One request: a message for all, a copy for each, or a batch when the copies differ in more than their data."""

    def __init__(self, message: Any, defaults: Any, backend: Any, **named: Any) -> None:
        headers = {"Authorization": f"Bearer {backend.api_key}", "Content-Type": "application/json"}
        super().__init__(message, defaults, backend, headers=headers, **named)

    def init_payload(self) -> None:
        """Begin empty."""
        self.data: dict[str, Any] = {}
        self.everybody: list[EmailAddress] = []
        self.merge_data: Mapping[str, Mapping[str, Any]] = {}
        self.merge_metadata: Mapping[str, Mapping[str, Any]] = {}
        self.merge_headers: Mapping[str, Mapping[str, str]] = {}

    def get_api_endpoint(self) -> str:
        """Return the resource that takes it."""
        return "v1/emails/batch" if self.is_split() else "v1/emails"

    def is_split(self) -> bool:
        """Return whether each recipient's message differs from the others in more than its data."""
        copied = any(self.data.get(name) for name in ("cc", "bcc"))
        return self.is_batch() and bool(self.merge_metadata or self.merge_headers or copied)

    def serialize_data(self) -> str:
        """Return the JSON."""
        if self.is_split():
            return str(self.serialize_json({"emails": [self._for_one(to) for to in self.data.get("to", ())]}))
        if self.is_batch():
            shared = {name: value for name, value in self.data.items() if name != "to"}
            people = [{"to": to, "data": dict(self.merge_data.get(to["email"], {}))} for to in self.data.get("to", ())]
            return str(self.serialize_json({**shared, "recipients": people}))
        return str(self.serialize_json(self.data))

    def _for_one(self, to: Mapping[str, str]) -> dict[str, Any]:
        email = to["email"]
        own = {
            "to": [to],
            "data": {**self.data.get("data", {}), **self.merge_data.get(email, {})},
            "metadata": {**self.data.get("metadata", {}), **self._texts(self.merge_metadata.get(email, {}))},
            "headers": {**self.data.get("headers", {}), **self._texts(self.merge_headers.get(email, {}))},
        }
        shared = {name: value for name, value in self.data.items() if name not in _OF_ALL}
        return {**shared, **{name: value for name, value in own.items() if value}}

    def _texts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {name: value if isinstance(value, str) else self.serialize_json(value) for name, value in values.items()}

    def _mailbox(self, email: EmailAddress) -> dict[str, str]:
        return {"email": email.format_addr_spec(idna_encode=self.backend.idna_encode), "name": email.display_name or ""}

    def set_from_email(self, email: EmailAddress) -> None:
        """Set who sends."""
        self.data["from"] = self._mailbox(email)

    def set_recipients(self, recipient_type: str, emails: Sequence[EmailAddress]) -> None:
        """Set to, cc or bcc."""
        if emails:
            self.data[recipient_type] = [self._mailbox(email) for email in emails]
            self.everybody += emails

    def set_reply_to(self, emails: Sequence[EmailAddress]) -> None:
        """Set where answers go."""
        self.data["reply_to"] = [self._mailbox(email) for email in emails]

    def set_subject(self, subject: str) -> None:
        """Set the subject; an empty one leaves the template's."""
        if subject:
            self.data["subject"] = subject

    def set_text_body(self, body: str) -> None:
        """Set the text; an empty one leaves the template's."""
        if body:
            self.data["text"] = body

    def set_html_body(self, body: str) -> None:
        """Set the HTML."""
        if "html" in self.data:
            self.unsupported_feature("multiple html parts")
        if body:
            self.data["html"] = body

    def set_extra_headers(self, headers: Mapping[str, Any]) -> None:
        """Set further header fields."""
        self.data["headers"] = self._texts(dict(headers))

    def add_attachment(self, attachment: Attachment) -> None:
        """Add a file, or a picture shown inside the HTML."""
        kind = attachment.mimetype or "application/octet-stream"
        name = attachment.name or f"attachment{mimetypes.guess_extension(kind) or ''}"
        told = {"filename": name, "content": attachment.b64content_utf8, "content_type": kind}
        if attachment.inline and attachment.cid:
            told["cid"] = attachment.cid
        self.data.setdefault("attachments", []).append(told)

    def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Set what stands in every event; numbers and the like become texts."""
        self.data["metadata"] = self._texts(metadata)

    def set_tags(self, tags: Sequence[str]) -> None:
        """Set the tags."""
        self.data["tags"] = list(tags)

    def set_send_at(self, send_at: datetime | str) -> None:
        """Set when it is sent."""
        self.data["scheduled_at"] = send_at.isoformat() if isinstance(send_at, datetime) else send_at

    def set_track_opens(self, track_opens: bool) -> None:
        """Set whether opens are tracked."""
        self.data["track_opens"] = track_opens

    def set_track_clicks(self, track_clicks: bool) -> None:
        """Set whether clicks are tracked."""
        self.data["track_clicks"] = track_clicks

    def set_template_id(self, template_id: str) -> None:
        """Set the stored template, by id or name."""
        self.data["template"] = str(template_id)

    def set_merge_data(self, merge_data: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep each recipient's values."""
        self.merge_data = merge_data

    def set_merge_global_data(self, merge_global_data: Mapping[str, Any]) -> None:
        """Set the values of all."""
        self.data["data"] = dict(merge_global_data)

    def set_merge_metadata(self, merge_metadata: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep each recipient's metadata."""
        self.merge_metadata = merge_metadata

    def set_merge_headers(self, merge_headers: Mapping[str, Mapping[str, str]]) -> None:
        """Keep each recipient's header fields."""
        self.merge_headers = merge_headers

    def set_esp_extra(self, extra: Mapping[str, Any]) -> None:
        """Set any field of the API that Django has no name for: stream, campaign, expires_in, sandbox, ...

        ``idempotency_key`` becomes the header of that name.
        """
        rest = dict(extra)
        key = rest.pop("idempotency_key", None)
        if key is not None:
            self.headers["Idempotency-Key"] = str(key)
        self.data.update(rest)
