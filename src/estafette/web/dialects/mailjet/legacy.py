"""``/v3/send``: the Send API before 3.1, whose fields are put into the form of 3.1."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request

from estafette.model.credential import Identity
from estafette.model.letter import Letter, Mailbox
from estafette.model.letter import Person as Addressee
from estafette.model.placement import Trouble
from estafette.relay.submission.wrong import Wrong, wrong
from estafette.web.dialects import translation
from estafette.web.dialects.mailjet.form import Message
from estafette.web.dialects.mailjet.user import user
from estafette.web.dialects.numbers import universal
from estafette.web.dialects.people import mailboxes
from estafette.web.problems import of_trouble
from estafette.web.services import Services

#: Fields of version 3, whose case does not count, and what 3.1 calls them.
_NAMES = MappingProxyType({
    "subject": "Subject", "text-part": "TextPart", "html-part": "HTMLPart", "headers": "Headers", "vars": "Variables",
    "mj-campaign": "CustomCampaign", "mj-customid": "CustomID", "mj-eventpayload": "EventPayload",
    "mj-monitoringcategory": "MonitoringCategory",
})  # fmt: skip
_TRACKING = MappingProxyType(
    {"0": "account_default", "1": "disabled", "2": "enabled", "3": "account_default"}
)  # fmt: skip
_ON = frozenset({"1", "true", "yes", "y"})
_KINDS = MappingProxyType({"attachments": "Attachments", "inline_attachments": "InlinedAttachments"})


def add(routes: APIRouter, services: Services) -> None:
    """Add the route."""

    @routes.post("/v3/send")
    async def send(
        given: dict[str, Any], request: Request, identity: Annotated[Identity, Depends(user(services))]
    ) -> dict[str, Any]:
        """Submit messages, all of them or none; the answer lists who gets them."""
        many = given.get("Messages", [given])
        if not isinstance(many, list) or not 1 <= len(many) <= 1000:
            raise wrong("too_long", "is a list of 1 to 1000 messages", "send several requests", "Messages")
        asked = [_letter(each) for each in many]
        results = await translation.post(services, request, identity, asked, all_or_nothing=True)
        trouble = next((each.trouble for each in results if each.trouble is not None), None)
        if trouble is not None:
            raise of_trouble(next((each for each in asked if isinstance(each, Trouble)), trouble))
        return {
            "Sent": [
                {"Email": place.address, "MessageID": each.id, "MessageUUID": universal(each.id, place.number)}
                for each in results
                for place in each.recipients
            ]
        }


def _letter(given: Any) -> Letter | Trouble:
    try:
        if not isinstance(given, dict):
            raise wrong("dict_type", "is an object", "correct it", "Messages")
        low = {name.lower(): value for name, value in given.items() if value is not None}
        people = low.pop("recipients", None)
        addressees = _addressees(people) if people else ()
        message = translation.read(Message, _message(low, addressees))
        letter = message.letter(sandbox=False)
    except Wrong as refusal:
        return refusal.trouble
    if not addressees:
        return letter
    return msgspec.structs.replace(letter, to=(), people=addressees)


def _message(low: dict[str, Any], addressees: tuple[Addressee, ...]) -> dict[str, Any]:
    """Return a message in the form of 3.1; a field that is unknown keeps its name, and is refused by it."""
    made: dict[str, Any] = {"From": {"Email": low.pop("fromemail", ""), "Name": low.pop("fromname", None)}}
    made["To"] = [{"Email": each.mailbox.address, "Name": each.mailbox.name} for each in addressees]
    for name, value in low.items():
        if name in _NAMES:
            made[_NAMES[name]] = value
        elif name in ("to", "cc", "bcc") and isinstance(value, str):
            people = [{"Email": each.address, "Name": each.name} for each in mailboxes(value)]
            made[name.title()] = [*made.get(name.title(), []), *people]
        elif name in _KINDS and isinstance(value, list):
            made[_KINDS[name]] = [_file(each) for each in value]
        else:
            made.update(_switch(name, str(value)))
    return made


def _switch(name: str, value: str) -> dict[str, Any]:
    if name in ("mj-trackopen", "mj-trackclick"):
        return {"TrackOpens" if name == "mj-trackopen" else "TrackClicks": _TRACKING.get(value, value)}
    if name in ("mj-templateid", "mj-prio") and value.isdecimal():
        return {"TemplateID" if name == "mj-templateid" else "Priority": int(value)}
    flags = {"mj-templatelanguage": "TemplateLanguage", "mj-deduplicatecampaign": "DeduplicateCampaign"}
    return {flags[name]: value.lower() in _ON} if name in flags else {name: value}


def _file(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    low: Mapping[str, Any] = {name.lower(): value for name, value in given.items()}
    return {
        "ContentType": low.get("content-type", ""),
        "Filename": low.get("filename", ""),
        "Base64Content": low.get("content", ""),
    }


def _addressees(people: Any) -> tuple[Addressee, ...]:
    """Return those who each get a message of their own."""
    if not isinstance(people, list) or not all(
        isinstance(each, dict)
        and isinstance(each.get("Email"), str)
        and isinstance(each.get("Name") or "", str)
        and isinstance(each.get("Vars") or {}, dict)
        for each in people
    ):
        raise wrong("list_type", "is a list of objects with Email, Name and Vars", "correct it", "Recipients")
    return tuple(Addressee(Mailbox(each["Email"], each.get("Name") or ""), each.get("Vars") or {}) for each in people)
