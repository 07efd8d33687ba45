"""Whether the certificates fit their keys and our name, and last a while."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

from estafette.base.errors import Fault
from estafette.cli.checks.finding import Finding
from estafette.config.schema import Settings

_SOON = 14 * 86400.0


async def check_tls(settings: Settings) -> list[Finding]:
    """Every certificate that the service would show."""
    tls = settings.tls
    if not tls.certificate:
        return [Finding("tls", "warning", "no certificate is named", "set tls.certificate and tls.key")]
    hosts = sorted(Path(tls.hosts).glob("*.pem")) if tls.hosts else []
    shown = [(tls.certificate, tls.key or tls.certificate, settings.service.hostname)]
    shown += [(str(file), str(file), file.stem) for file in hosts]
    return [finding for certificate, key, name in shown for finding in _examined(certificate, key, name)]


def _examined(certificate: str, key: str, name: str) -> Iterator[Finding]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        held = _read(certificate)
    except (OSError, ValueError, Fault) as error:
        fix = "put a PEM chain and the key that belongs to it there, readable by the service"
        yield Finding("tls", "wrong", f"{certificate} cannot be used: {error}", fix)
        return
    names = [value for kind, value in held.get("subjectAltName", ()) if kind == "DNS"]
    if not any(_covers(pattern, name) for pattern in names):
        known = ", ".join(names) or "no name"
        yield Finding("tls", "warning", f"{certificate} is for {known}, not {name}", f"get a certificate for {name}")
    ends = str(held["notAfter"])
    left = ssl.cert_time_to_seconds(ends) - time.time()
    if left <= _SOON:
        state = f"{certificate} ended {ends}" if left <= 0 else f"{certificate} ends soon, {ends}"
        yield Finding("tls", "wrong" if left <= 0 else "warning", state, "renew it; a changed file is read by itself")
    else:
        yield Finding("tls", "good", f"{certificate} ends {ends}")


def _read(certificate: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return a certificate's fields; the standard library reads a file only through this function."""
    decode = ssl._ssl._test_decode_cert  # type: ignore[attr-defined]  # noqa: SLF001 - no public reader exists
    found: dict[str, tuple[tuple[str, str], ...]] = decode(certificate)
    return found


def _covers(pattern: str, name: str) -> bool:
    """RFC 6125 section 6.4.3: a star stands for one whole label."""
    pattern, name = pattern.lower(), name.lower().rstrip(".")
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])
