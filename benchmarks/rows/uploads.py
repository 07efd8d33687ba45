"""Large mail: many uploads at once, and one attachment to twenty colleagues."""

from __future__ import annotations

import time

from benchmarks.accounting import Group, Watch
from benchmarks.own import Generator, Receiver, delays, p99
from benchmarks.peers.estafette import Estafette
from benchmarks.rows.row import FOLDER, Row, say

SINK = 2526
UPLOADS, LARGE = 200, 25_000_000
#: octets per second of each upload: all together come at 100 MB/s at most
PACE = 500_000.0
SHARED = 10_000_000


def uploads(_rounds: int) -> list[Row]:
    """200 uploads of 25 MB at once beside small mail; then 10 MB to 20 recipients on one site."""
    return [*_many(), _shared()]


def _many() -> list[Row]:
    group = Group("peer")
    peer = Estafette(FOLDER, mode="dkim", sink=SINK)
    peer.prepare()
    with Receiver(port=SINK) as receiver:
        try:
            peer.start(group)
            time.sleep(1)
            with Watch(group) as watch:
                large = Generator(
                    port=peer.port, messages=UPLOADS, sessions=UPLOADS, length=LARGE, rate=PACE, prefix="large"
                )
                small = Generator(port=peer.port, messages=400, sessions=8, interval=0.1, prefix="small")
                mail, files = small.result(200), large.result(400)
                time.sleep(3)
            tally = receiver.result()
        finally:
            peer.stop()
            group.close()
    found = delays(mail, tally, whole=True)
    for report in (mail, files):
        if report["refused"]:
            say(f"refused: {len(report['refused'])}: {report['refused'][:2]}")
    took, taken = files["ended"] - files["began"], len(files["sent"])
    complete = taken == UPLOADS and len(found) == 400
    name = "200 uploads of 25 MB"
    return [
        Row(f"{name}, MB of the largest process", "< 400", f"{watch.largest:.0f}", watch.largest < 400),
        Row(
            f"{name}, s from MAIL to the remote 250 of 10 KiB",
            "p99 < 1",
            f"{p99(found):.3f}",
            complete and p99(found) < 1,
        ),
        Row(f"{name}, taken", f"{UPLOADS}", f"{taken} in {took:.0f} s", taken == UPLOADS),
    ]


def _shared() -> Row:
    group = Group("peer")
    peer = Estafette(FOLDER, mode="dkim", sink=SINK)
    peer.prepare()
    person = peer.account("personal")
    with Receiver(port=SINK) as receiver:
        try:
            peer.start(group)
            everyone = [f"p{number}@d0.example" for number in range(20)]
            Generator(port=peer.port, messages=1, sessions=1, length=SHARED, login=person, recipients=everyone).result()
            time.sleep(4)
            tally = receiver.result()
        finally:
            peer.stop()
            group.close()
    words = f"{tally['messages']} transaction, {tally['recipients']} recipients, {tally['octets'] / 1e6:.2f} MB"
    good = tally["messages"] == 1 and tally["recipients"] == 20 and tally["octets"] < SHARED * 1.01
    return Row("10 MB to 20 recipients on one site", "crosses once", words, good)
