"""The second headline: everything encrypted, a connection for each message on the way in."""

from __future__ import annotations

import time

from benchmarks.accounting import Group
from benchmarks.load import Measured
from benchmarks.own import Generator, Receiver
from benchmarks.peers.estafette import Estafette
from benchmarks.peers.postfix import Postfix, can_authenticate
from benchmarks.rows.row import FOLDER, Row, certificate, interleaved, spread

SESSIONS = 30
SINK = 2526


def _once(peer: Postfix | Estafette, messages: int, tls: tuple[str, str]) -> Measured:
    """Run one peer: from the first connection of the generator to the last message at the sink."""
    group = Group("peer")
    peer.prepare()
    with Receiver(port=SINK, messages=messages, tls=tls) as receiver:
        try:
            peer.start(group)
            time.sleep(1)
            before = group.cpu()
            load = Generator(
                port=peer.port, messages=messages, sessions=SESSIONS, keep=False, tls=True, login=peer.login
            )
            report = load.result()
            if report["refused"]:
                raise RuntimeError(f"{peer.name}: {len(report['refused'])} refused: {report['refused'][:3]}")
            tally = receiver.result(120)
            if tally["encrypted"] != tally["connections"]:
                raise RuntimeError(f"{peer.name}: {tally['encrypted']} of {tally['connections']} in TLS")
            took = tally["last"] - report["began"]
            return Measured(messages / took, (group.cpu() - before) / messages * 1000, group.largest_rss())
        finally:
            peer.stop()
            group.close()


def tls(rounds: int) -> list[Row]:
    """STARTTLS and AUTH PLAIN in, one 10 KiB message per connection, a signature, STARTTLS out; P-256 everywhere."""
    files = certificate(FOLDER)
    files[1].chmod(0o644)
    names = (str(files[0]), str(files[1]))
    theirs, ours = interleaved(
        rounds,
        lambda: _once(Postfix(FOLDER, mode="dkim", tls=files), 1200, names),
        lambda: _once(Estafette(FOLDER, mode="dkim", tls=files), 3000, names),
    )
    ratios = [own.rate / other.rate for own, other in zip(ours, theirs, strict=True)]
    peer = "Postfix + OpenDKIM" if can_authenticate() else "Postfix + OpenDKIM, which has no AUTH here"
    return [
        Row(f"TLS, ratio to {peer}", ">= 2 in every round", spread(ratios), min(ratios) >= 2),
        Row("TLS, CPU ms per message", "-", spread([own.cpu_ms for own in ours]), True),
        Row(f"TLS, CPU ms per message of {peer}", "-", spread([other.cpu_ms for other in theirs]), True),
        Row("TLS, messages per second", "-", spread([own.rate for own in ours]), True),
        Row(f"TLS, messages per second of {peer}", "-", spread([other.rate for other in theirs]), True),
    ]
