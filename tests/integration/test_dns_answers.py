"""What the DNS says of a recipient's domain, asked of a real name server (RFC 5321 section 5.1, RFC 7505)."""

import smtplib
import time

import pytest
from tests.servers import loopback
from tests.servers.letters import letter
from tests.servers.service import HOST


def _end(rig, recipient, within=30.0):
    """Send to an address; return the first event of its attempt."""
    number = rig.send(recipient).rpartition(" ")[2]
    until = time.monotonic() + within
    while True:
        for event in rig.service.cli("message", "show", number)["events"]:
            if event["kind"] != "queued":
                return event
        assert time.monotonic() < until, rig.service.log.read_text()[-3000:]
        time.sleep(0.1)


def test_domains_that_take_no_mail_end_at_once_with_the_reason(shared_rig):
    shared_rig.dns.add([
        ("null.test", "MX", "0 ."),
        ("bare.test", "TXT", "nothing else"),
        ("lost.test", "MX", "10 nowhere.lost.test."),
        ("loop.test", "MX", f"10 {HOST}."),
        ("six.test", "MX", "10 mx.six.test."),
        ("mx.six.test", "AAAA", "2a00:dead:beef::44"),
    ])  # fmt: skip
    ends = {
        "null.test": ("bounced", "null_mx", "5.1.10"),
        "none.test": ("bounced", "no_such_domain", "5.1.2"),
        "bare.test": ("bounced", "host_without_address", "5.4.4"),
        "lost.test": ("bounced", "host_without_address", "5.4.4"),
        "loop.test": ("failed", "mail_loop", "5.4.6"),
        "six.test": ("failed", "no_ipv6_source", "5.4.4"),
    }
    for domain, end in ends.items():
        event = _end(shared_rig, f"jane@{domain}")
        assert (event["kind"], event["reason"], event["reply"]["enhanced"]) == end, domain


@pytest.mark.parametrize("form", ["implicit", "alias", "alias_of_implicit", "host_is_alias"])
def test_ways_to_name_the_same_host_all_lead_there(shared_rig, form):
    """A CNAME behind an MX is against RFC 2181 section 10.3, and still common; mail gets through."""
    address, domain = shared_rig.postfix.address, f"{form.replace('_', '-')}.test"
    shared_rig.dns.add({
        "implicit": [(domain, "A", address)],
        "alias": [(domain, "CNAME", "example.test.")],
        "alias_of_implicit": [(domain, "CNAME", "web.test."), ("web.test", "A", address)],
        "host_is_alias": [(domain, "MX", f"10 a.{domain}."), (f"a.{domain}", "CNAME", "web.test."), ("web.test", "A", address)],
    }[form])  # fmt: skip
    event = _end(shared_rig, f"jane@{domain}")
    assert "Access denied" in event["reply"]["text"], "Postfix, which does not know the domain, was not reached"


def test_a_domain_with_endless_hosts_and_addresses_costs_few_connections(shared_rig):
    """Twenty hosts of twenty addresses where nobody listens: the attempt ends after a handful of tries."""
    dead = [loopback.address() for _ in range(20)]
    records = [("many.test", "MX", f"{n} mx{n}.many.test.") for n in range(20)]
    shared_rig.dns.add(records + [(f"mx{n}.many.test", "A", address) for n in range(20) for address in dead])
    event = _end(shared_rig, "jane@many.test")
    assert (event["kind"], event["reply"]["enhanced"]) == ("deferred", "4.4.1")


def test_a_message_that_went_round_too_often_is_refused(shared_rig):
    message = letter("shop@customer.test", "jane@example.test")
    for hop in range(120):
        message["Received"] = f"from a{hop}.test by b{hop}.test; Mon, 1 Jan 2024 00:00:00 +0000"
    with pytest.raises(smtplib.SMTPResponseException, match=r"5\.4\.6"):
        shared_rig.send("jane@example.test", message=message)
