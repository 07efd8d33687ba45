"""Apple's configuration profile (``.mobileconfig``) with one mail account, payload ``com.apple.mail.managed``."""

from __future__ import annotations

import plistlib
import uuid

from estafette.model.address import Address
from estafette.model.mailbox import ClientSetup, SignIn, filled

TYPE = "application/x-apple-aspen-config"
_SIGN_INS: dict[SignIn, str] = {"password": "EmailAuthPassword", "encrypted": "EmailAuthCRAMMD5"}
#: A later profile takes the place of an earlier one on a device, because ids follow from domain and address alone.
_SPACE = uuid.UUID("6f0c1d5e-6a55-5b6e-9c39-3d2f3b7f2f10")


def written(setup: ClientSetup, address: Address | None = None) -> bytes:
    """Return the profile of a domain, of one address when given; what is not in it the device asks for.

    No password is ever in it, and the outgoing server has its own.
    """
    box, out = setup.mailbox, setup.outgoing[0]
    whose = setup.domain if address is None else address.key
    account: dict[str, object] = _payload(setup.domain, whose, "mail", "com.apple.mail.managed") | {
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAccountDescription": setup.domain,
        "IncomingMailServerAuthentication": _SIGN_INS[box.sign_in],
        "IncomingMailServerHostName": box.incoming.host,
        "IncomingMailServerPortNumber": box.incoming.port,
        "IncomingMailServerUseSSL": True,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerHostName": out.host,
        "OutgoingMailServerPortNumber": out.port,
        "OutgoingMailServerUseSSL": True,
        "OutgoingPasswordSameAsIncomingPassword": False,
    }
    if address is not None:
        account["EmailAddress"] = account["OutgoingMailServerUsername"] = address.text
        account["IncomingMailServerUsername"] = filled(box.login, address.local, address.domain)
    whole = _payload(setup.domain, whose, "profile", "Configuration") | {"PayloadContent": [account]}
    return plistlib.dumps(whole, sort_keys=True)


def speaks(setup: ClientSetup) -> bool:
    """Whether this form can say how one signs in: it knows passwords."""
    return setup.mailbox.sign_in in _SIGN_INS


def _payload(domain: str, whose: str, part: str, kind: str) -> dict[str, object]:
    name, number = ".".join(reversed(domain.split("."))), str(uuid.uuid5(_SPACE, f"{part}:{whose}"))
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{name}.{part}.{number[:8]}",
        "PayloadUUID": number.upper(),
        "PayloadDisplayName": domain,
    }
