"""Letters over HTTP: single durable sends, and batches of a hundred personal ones with 8 KiB of HTML."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field

from benchmarks.accounting import Group
from benchmarks.own import p99
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, spread

PORT = 2580
CONNECTIONS = 8
SINGLE, BATCHES, LETTERS = 6_000, 60, 100
_TEXT = "Good morning,\nyour order 1234 has left our house today.\n" * 10
_HTML = "<p>Good morning {{ name }}, your order has left our house today.</p>\n" * 118


@dataclass
class Run:
    """What a load saw: requests or recipients taken, seconds of the whole, CPU seconds, seconds of each request."""

    taken: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    times: list[float] = field(default_factory=list)


def api(rounds: int) -> list[Row]:
    """Measure both loads on the same service, delivery held."""
    os.environ["ESTAFETTE_LISTEN__HTTP"] = json.dumps([f"127.0.0.1:{PORT}"])
    os.environ["ESTAFETTE_LIMITS__API_RATE"] = "1000000"
    peer = Estafette(FOLDER, mode="api")
    peer.prepare()
    key = str(peer.cli("credential", "create", "--tenant", peer.tenant, "--name", "api")["api_key"])
    group = Group("peer")
    try:
        peer.start(group)
        asyncio.run(load(group, key, "/v1/emails", [_single(0)] * 300))
        singles = [
            asyncio.run(load(group, key, "/v1/emails", [_single(n) for n in range(SINGLE)])) for _ in range(rounds)
        ]
        many = [_batch(number) for number in range(BATCHES)]
        batches = [asyncio.run(load(group, key, "/v1/emails/batch", many, LETTERS)) for _ in range(rounds)]
    finally:
        peer.stop()
        group.close()
    return [*_singles(singles), *_batches(batches)]


def _singles(runs: list[Run]) -> list[Row]:
    each = [run.taken / run.cpu for run in runs]
    slow = [p99(run.times) * 1000 for run in runs]
    return [
        Row("api, durable sends per second and core", ">= 700", spread(each), min(each) >= 700),
        Row(f"api, ms of a send, p99, {CONNECTIONS} at once", "< 25", spread(slow), max(slow) < 25),
        Row("api, durable sends per second", "-", spread([run.taken / run.seconds for run in runs]), True),
    ]


def _batches(runs: list[Run]) -> list[Row]:
    rates = [run.taken / run.seconds for run in runs]
    return [Row("api, templated recipients per second, batches of 100", ">= 3000", spread(rates), min(rates) >= 3000)]


def _single(number: int) -> bytes:
    return json.dumps(
        {
            "from": "Shop <shop@bench.example>",
            "to": [f"user{number}@d{number % 50}.example"],
            "subject": f"Your order {number}",
            "text": _TEXT,
            "tags": ["order"],
        }
    ).encode()


def _batch(number: int) -> bytes:
    emails = [
        {
            "from": "Shop <shop@bench.example>",
            "to": [f"user{number}.{each}@d{each % 50}.example"],
            "subject": "Your order, {{ name }}",
            "html": _HTML,
            "data": {"name": f"Nobody {each}"},
        }
        for each in range(LETTERS)
    ]
    return json.dumps({"emails": emails}).encode()


async def load(group: Group, key: str, path: str, bodies: list[bytes], worth: int = 1) -> Run:
    """Send every body over a few kept connections; each is answered 202."""
    run = Run()
    left = iter(bodies)
    cpu, began = group.cpu(), time.perf_counter()
    await asyncio.gather(*(_client(run, key, path, left, worth) for _ in range(CONNECTIONS)))
    run.seconds, run.cpu = time.perf_counter() - began, group.cpu() - cpu
    return run


async def _client(run: Run, key: str, path: str, left: object, worth: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    for body in left:  # type: ignore[attr-defined]  # one iterator for all
        began = time.perf_counter()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        told = await reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(told[:500].decode())
        run.times.append(time.perf_counter() - began)
        run.taken += worth
    writer.close()
