"""A person's message while bulk leaves: how long from our 250 to the remote 250."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.accounting import Group, Watch
from benchmarks.own import Generator, Receiver, Uplink, delays, p99
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, say
from benchmarks.sites import sites

SINK = 2526
FORWARDED = 2536
LEAST = 100


def _case(
    peer: Estafette, *, to: str, bulk: dict[str, Any], seconds: float, interval: float, delay: float = 0.0
) -> str:
    """Fill with bulk, start, send people's messages for so long; return the figures, "LOW" before those that fail."""
    group = Group("peer")
    peer.prepare()
    person = peer.account("personal")
    peer.account("bulk")
    peer.fill(group, **bulk)
    with Receiver(port=SINK, delay=delay) as receiver:
        try:
            peer.start(group)
            time.sleep(1)
            with Watch(group) as watch:
                load = Generator(
                    port=peer.port,
                    messages=int(seconds / interval),
                    sessions=4,
                    login=person,
                    interval=interval,
                    recipients=[to],
                )
                report = load.result()
                time.sleep(2)
            left = peer.cli("queue", "list", "--domain", bulk["domain"], "--limit", "1")["items"]
        finally:
            peer.stop()
            group.close()
        tally = receiver.result()
    return _figures(report, tally, bulk_left=bool(left), rss=watch.largest)


def _figures(report: dict[str, Any], tally: dict[str, Any], *, bulk_left: bool, rss: float) -> str:
    found = delays(report, tally)
    if report["refused"]:
        say(f"refused: {report['refused'][:3]}")
    good = len(found) >= LEAST and not report["refused"] and p99(found) < 1 and bulk_left
    middle = found[len(found) // 2] if found else float("inf")
    others = tally["messages"] - len(tally["keyed"].keys() & {key for key, _, _ in report["sent"]})
    took = max(tally["last"] - tally["first"], 0.001)
    words = f"p99 {p99(found):.3f} s, median {middle:.3f} s, {len(found)} messages; bulk {others / took:.0f}/s, {rss:.0f} MB"
    return words if good else "LOW " + words + ("" if bulk_left else ", bulk ended too early")


def _row(name: str, words: str) -> Row:
    say(f"{name}: {words}")
    return Row(name, "p99 < 1 s", words.removeprefix("LOW "), not words.startswith("LOW "))


def person(_rounds: int) -> list[Row]:
    """Three cases, each with 100,000 bulk messages waiting when the first person writes."""
    plenty = {"messages": 1000, "recipients": 100, "domain": "d1.example"}
    apart = Estafette(FOLDER, mode="dkim", sink=SINK)
    rows = [_row("person, other site's bulk", _case(apart, to="to@d0.example", bulk=plenty, seconds=25, interval=0.2))]
    with sites(FOLDER, {"d0.example": "127.0.0.1"}) as dns:
        same = Estafette(FOLDER, mode="dkim", sink=SINK, dns=dns)
        bulk = plenty | {"domain": "d0.example"}
        words = _case(same, to="to@d0.example", bulk=bulk, seconds=30, interval=0.25, delay=0.5)
        rows.append(_row("person, same site, 10 connections, 500 ms", words))
    slow = Estafette(FOLDER, mode="dkim", sink=FORWARDED, more='bandwidth = "20Mbit/s"')
    with Uplink(FORWARDED, SINK, 20e6):
        words = _case(slow, to="to@d0.example", bulk=plenty | {"length": 51200}, seconds=30, interval=0.25)
        rows.append(_row("person, uplink of 20 Mbit/s, bulk of 50 KiB", words))
    return rows
