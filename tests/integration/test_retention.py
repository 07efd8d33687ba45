"""How long contents rest: a person's letter is gone when it was delivered, others after their stream's time."""

import time

import apsw
import pytest
from tests.servers.rig import Rig
from tests.servers.service import MAIL

pytestmark = pytest.mark.mail_only

SWEPT_WITHIN = 90.0


@pytest.fixture
def short(folder, certificates, dns, postfix):
    settings = {"retention": {"content_transactional": "10s"}}
    with Rig(folder / "service", certificates, dns, postfix, settings=settings, roles=MAIL) as rig:
        yield rig


def _contents(rig):
    spool = apsw.Connection(str(rig.service.data / "spool.db"), flags=apsw.SQLITE_OPEN_READONLY)
    ((count,),) = spool.execute("select count(*) from content")
    spool.close()
    return count


def test_a_persons_letter_goes_at_delivery(rig):
    rig.send("jane@example.test", credential=rig.personal())
    rig.postfix.wait()
    rig.service.drained()
    assert _contents(rig) == 0


def test_other_mail_goes_when_its_time_is_over(short):
    short.send("jane@example.test")
    short.postfix.wait()
    short.service.drained()
    assert _contents(short) == 1
    until = time.monotonic() + SWEPT_WITHIN
    while _contents(short):
        assert time.monotonic() < until, "the janitor did not come"
        time.sleep(0.5)
