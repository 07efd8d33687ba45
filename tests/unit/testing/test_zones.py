import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from estafette.testing import FakeZones, Lame, ManualClock, Mute, ServerFailure


def _ask(zones: FakeZones, name: str, kind: str = "MX"):
    return dns.query.udp(dns.message.make_query(name, kind), zones.at[0], 0.3, zones.at[1])


def test_it_answers_values_and_faults():
    with FakeZones(
        {"a.test": {"MX": ("10 mx.a.test.",)}, "s.test": ServerFailure(), "l.test": Lame(), "m.test": Mute()}
    ) as zones:
        assert _ask(zones, "a.test").answer[0][0].to_text() == "10 mx.a.test."
        assert _ask(zones, "a.test", "A").answer == []
        codes = [_ask(zones, name).rcode() for name in ("s.test", "l.test", "none.test")]
        assert codes == [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NXDOMAIN]
        with pytest.raises(dns.exception.Timeout):
            _ask(zones, "m.test")


def test_the_clock_jumps_on_the_wall_only():
    clock = ManualClock(100.0)
    clock.pass_(5)
    clock.jump(-50)
    assert (clock.now(), clock.monotonic()) == (55.0, 1005.0)
