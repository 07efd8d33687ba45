"""Whether every listener answers, with what it should say."""

from __future__ import annotations

import asyncio

from estafette.cli.checks.finding import Finding
from estafette.config.schema import Settings

PATIENCE = 5.0
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_SPEAK_FIRST = frozenset({"submission", "mx"})


async def check_ports(settings: Settings) -> list[Finding]:
    """Every listener of the settings answers; the SMTP doors with 220."""
    doors = [(name, where) for name in type(settings.listen).model_fields if _is_door(name)
             for where in getattr(settings.listen, name)]  # fmt: skip
    return list(await asyncio.gather(*(_door(name, host, port) for name, (host, port) in doors)))


def _is_door(name: str) -> bool:
    return name in {"submission", "submissions", "mx", "http", "public", "metrics"}


async def _door(name: str, host: str, port: int) -> Finding:
    label, place = f"listen.{name}", f"{host} port {port}"
    try:
        async with asyncio.timeout(PATIENCE):
            said = await _knock(_LOCAL.get(host, host), port, listen=name in _SPEAK_FIRST)
    except (OSError, TimeoutError):
        fix = "start the service; if it runs, see its log for why this address could not be opened"
        return Finding(label, "warning", f"{place} is silent", fix)
    if name in _SPEAK_FIRST and not said.startswith(b"220"):
        fix = "another program has this port: stop it, or listen elsewhere"
        return Finding(label, "wrong", f"{place} does not greet like a mail server", fix)
    return Finding(label, "good", f"{place} answers")


async def _knock(host: str, port: int, *, listen: bool) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        return await reader.read(200) if listen else b""
    finally:
        writer.close()
