"""Several intakes and couriers over one store: model D, as machines with more cores run it."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.servers.postfix import PostfixSink
from tests.servers.rig import Rig

from estafette.base import ids

SITES = [f"site{number}.test" for number in range(6)]
LETTERS = 30


@pytest.fixture
def wide_rig(folder, certificates, dns, root):
    with PostfixSink(folder / "mx", domains=tuple(SITES), tls=certificates.issue("mx.example.test")) as sink:
        for site in SITES:
            dns.mail_exchanger(site, sink.address)
        settings = {"runtime": {"intake": 2, "courier": 2}}
        with Rig(folder / "service", certificates, dns, sink, settings=settings) as rig:
            yield rig


def test_two_intakes_and_two_couriers_relay_everything_once(wide_rig):
    people = [f"p{number}@{SITES[number % len(SITES)]}" for number in range(LETTERS)]
    with ThreadPoolExecutor(4) as senders:
        list(senders.map(wide_rig.send, people))
    wide_rig.service.drained()
    arrived = wide_rig.postfix.wait(LETTERS)
    assert len(arrived) == LETTERS
    shown = [re.search(rb"by mx1\.relay\.test with ESMTPSA id (\w{13})", each)[1].decode() for each in arrived]
    writers = {ids.read(each) >> 10 & 255 for each in shown}
    assert len(set(shown)) == LETTERS
    assert len(writers) == 2
