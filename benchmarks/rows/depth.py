"""What a deep queue costs the mail that passes it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

from benchmarks.accounting import Group, Watch
from benchmarks.load import Measured, sink, source
from benchmarks.own import Generator, Receiver, delays, p99
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, interleaved, say, spread
from benchmarks.sites import sites

SINK = 2526
MESSAGES, RECIPIENTS = 50_000, 20
#: where nobody answers, and where everything is taken
EXCHANGERS: Mapping[str, str] = {"deep.example": "127.77.0.9", "d0.example": "127.0.0.1"}


class Depth:
    """Two services beside each other, one of them with a million deliveries; only one runs at a time."""

    def __init__(self, dns: tuple[str, int]) -> None:
        self.empty = Estafette(FOLDER, mode="dkim", sink=SINK, dns=dns, place="empty")
        self.full = Estafette(FOLDER, mode="dkim", sink=SINK, dns=dns, place="full")
        self.ready: list[float] = []
        self.rss: list[float] = []

    def prepare(self) -> None:
        """Fill one of them."""
        group = Group("filling")
        self.empty.prepare()
        self.full.prepare()
        began = time.monotonic()
        self.full.fill(
            group, messages=MESSAGES, recipients=RECIPIENTS, domain="deep.example", kind="transactional", length=1024
        )
        say(f"filled with {MESSAGES * RECIPIENTS} deliveries in {time.monotonic() - began:.0f} s")
        group.close()

    def saturated(self, peer: Estafette, messages: int = 6000) -> Measured:
        """Run at full speed, end to end."""
        ours, load, far = Group("peer"), Group("source"), Group("sink")
        receiver = sink(far, SINK, messages)
        try:
            peer.start(ours)
            time.sleep(2)
            before, began = ours.cpu(), time.monotonic()
            with Watch(ours) as watch:
                if source(load, peer.port, messages).wait(timeout=300):
                    raise RuntimeError("smtp-source failed")
                receiver.wait(timeout=300)
            took = time.monotonic() - began
            self._note(peer, watch.largest)
            return Measured(messages / took, (ours.cpu() - before) / messages * 1000, watch.largest)
        finally:
            peer.stop()
            if receiver.poll() is None:
                receiver.terminate()
                receiver.wait()
            for group in (ours, load, far):
                group.close()

    def paced(self, peer: Estafette, seconds: float = 15.0) -> Measured:
        """Run at 150 messages a second; the rate is the 99th percentile of 250 to 250 in milliseconds."""
        group = Group("peer")
        with Receiver(port=SINK) as receiver:
            try:
                peer.start(group)
                time.sleep(3)
                with Watch(group) as watch:
                    count = int(seconds * 150)
                    report = Generator(port=peer.port, messages=count, sessions=10, interval=1 / 150).result()
                    time.sleep(1)
                self._note(peer, watch.largest)
                found = delays(report, receiver.result())
                if report["refused"] or len(found) != count:
                    raise RuntimeError(f"{len(found)} of {count} sent: {report['refused'][:3]}")
                return Measured(p99(found) * 1000, 0.0, watch.largest)
            finally:
                peer.stop()
                group.close()

    def _note(self, peer: Estafette, rss: float) -> None:
        if peer is self.full:
            self.ready.append(peer.ready_after)
            self.rss.append(rss)


def depth(rounds: int) -> list[Row]:
    """One million deliveries, held by a rule and then for a site that does not answer, against an empty queue."""
    with sites(FOLDER, EXCHANGERS) as dns:
        pair = Depth(dns)
        pair.prepare()
        pair.full.cli("queue", "hold", "--domain", "deep.example")
        rows = _costs("1,000,000 held", *_both(pair, rounds))
        pair.full.cli("queue", "release", "--domain", "deep.example")
        rows += _costs("1,000,000 for a dead site", *_both(pair, rounds))
        without, beside = interleaved(rounds, lambda: pair.paced(pair.empty), lambda: pair.paced(pair.full))
    slower = [own.rate / other.rate for own, other in zip(beside, without, strict=True)]
    return [
        *rows,
        Row(
            "1,000,000 for a dead site, other lanes' p99 ratio",
            "< 1.1",
            spread(slower),
            statistics.median(slower) < 1.1,
        ),
        Row("1,000,000, other lanes' p99 in ms", "-", spread([each.rate for each in beside]), True),
        Row("1,000,000, seconds to ready", "< 3", spread(pair.ready), max(pair.ready) < 3),
        Row("1,000,000, MB of the largest process", "< 300", spread(pair.rss), max(pair.rss) < 300),
    ]


def _both(pair: Depth, rounds: int) -> tuple[list[Measured], list[Measured]]:
    return interleaved(rounds, lambda: pair.saturated(pair.empty), lambda: pair.saturated(pair.full))


def _costs(name: str, empty: list[Measured], full: list[Measured]) -> list[Row]:
    cpu = [own.cpu_ms / other.cpu_ms for own, other in zip(full, empty, strict=True)]
    rate = [own.rate / other.rate for own, other in zip(full, empty, strict=True)]
    return [
        Row(f"{name}, CPU per message ratio", "<= 1.1", spread(cpu), statistics.median(cpu) <= 1.1),
        Row(f"{name}, rate ratio", ">= 0.8", spread(rate), statistics.median(rate) >= 0.8),
    ]
