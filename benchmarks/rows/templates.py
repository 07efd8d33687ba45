"""Templates: what rendering costs a recipient, and batches of a hundred letters that name a stored template."""

from __future__ import annotations

import asyncio
import json
import os
import time

from benchmarks.accounting import Group
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.api import BATCHES, LETTERS, PORT, load
from benchmarks.rows.row import FOLDER, Row, spread
from estafette.mail import late
from estafette.model.letter import Mailbox, Person
from estafette.model.recipe import Draft, Recipe

RECIPIENTS = 4_000
_LINE = '<tr><td style="padding: 4px">{{ line.name }}</td><td>{{ line.price }}</td></tr>'
_HTML = (
    '<p style="margin: 0 0 16px; font: 16px/1.5 sans-serif; color: #333333">Good morning {{ name }}, your order\n'
    "{{ order.id }} has left our house today and will be with you soon; thank you for your trust.</p>\n"
    * 36
    + f"<table>{{% for line in order.lines %}}{_LINE}{{% endfor %}}</table>"
)
_TEXT = "Good morning {{ name }},\n\n{% for line in order.lines %}{{ line.name }}: {{ line.price }}\n{% endfor %}"
_SUBJECT = "Your order {{ order.id }}, {{ name }}"


def templates(rounds: int) -> list[Row]:
    """Measure rendering alone, then the service with a stored template, delivery held."""
    recipe = _recipe()
    late.draft_for(recipe, 1)
    each = [_render(recipe) for _ in range(rounds)]
    rates = _batches(rounds)
    return [
        Row("templates, CPU us to render a recipient", "<= 60", spread(each), max(each) <= 60),
        Row("batch, recipients per second of a stored template", ">= 3000", spread(rates), min(rates) >= 3000),
    ]


def _data(number: int) -> dict[str, object]:
    lines = [{"name": f"Thing {each} <new>", "price": f"{each}.00"} for each in range(5)]
    return {"name": f"Nobody {number}", "order": {"id": number, "lines": lines}}


def _recipe() -> Recipe:
    draft = Draft(sender=Mailbox("shop@bench.example"), subject=_SUBJECT, text=_TEXT, html=_HTML, seed="S")
    people = tuple(Person(Mailbox(f"u{number}@d.example"), _data(number)) for number in range(RECIPIENTS))
    return Recipe(b"", draft, {}, people)


def _render(recipe: Recipe) -> float:
    began = time.process_time()
    for number in range(1, RECIPIENTS + 1):
        late.draft_for(recipe, number)
    return (time.process_time() - began) / RECIPIENTS * 1e6


def _batches(rounds: int) -> list[float]:
    os.environ["ESTAFETTE_LISTEN__HTTP"] = json.dumps([f"127.0.0.1:{PORT}"])
    os.environ["ESTAFETTE_LIMITS__API_RATE"] = "1000000"
    peer = Estafette(FOLDER, mode="api")
    peer.prepare()
    key = str(peer.cli("credential", "create", "--tenant", peer.tenant, "--name", "api")["api_key"])
    html, text = FOLDER / "order.html", FOLDER / "order.txt"
    html.write_text(_HTML)
    text.write_text(_TEXT)
    files = ["--subject", _SUBJECT, "--html", str(html), "--text", str(text)]
    peer.cli("template", "create", "order", "--tenant", peer.tenant, "--publish", *files)
    group = Group("peer")
    bodies = [_batch(number) for number in range(BATCHES)]
    try:
        peer.start(group)
        asyncio.run(load(group, key, "/v1/emails/batch", bodies[:5], LETTERS))
        runs = [asyncio.run(load(group, key, "/v1/emails/batch", bodies, LETTERS)) for _ in range(rounds)]
    finally:
        peer.stop()
        group.close()
    return [run.taken / run.seconds for run in runs]


def _batch(number: int) -> bytes:
    emails = [
        {
            "from": "Shop <shop@bench.example>",
            "to": [f"user{number}.{each}@d{each % 50}.example"],
            "template": "order",
            "data": _data(each),
        }
        for each in range(LETTERS)
    ]
    return json.dumps({"emails": emails}).encode()
