"""Whether recipients can leave: what bulk mail needs of the settings, so that its List-Unsubscribe works."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from estafette.base.errors import ConfigFault
from estafette.config.schema import Service


def lacking(service: Service) -> list[ConfigFault]:
    """Return why no mail program could unsubscribe anybody; [] when it can.

    RFC 8058 section 3.1 wants an https address, and mail to the second address comes back on the return path.
    """
    faults = []
    address = urlsplit(service.public_url)
    if address.scheme != "https" or _here(address.hostname or ""):
        faults.append(
            ConfigFault(
                f"recipients cannot unsubscribe at {service.public_url!r}: bulk mail is refused",
                place="service.public_url",
                fix="set it to the https:// address under which the internet reaches listen.public",
            )
        )
    if _here(service.return_path):
        faults.append(
            ConfigFault(
                f"recipients cannot unsubscribe by mail to {service.return_path!r}: bulk mail is refused",
                place="service.return_path",
                fix="set it to a domain whose MX is service.hostname",
            )
        )
    return faults


def _here(host: str) -> bool:
    """Whether a host means this machine, or nothing."""
    name = host.rstrip(".").lower()
    if not name or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
