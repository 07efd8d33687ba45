"""A simulated week ends with exactly the planted suppressions and numbers, and nobody is ever written to by mistake.

The service runs under a moved clock, its recipients' servers are aiosmtpd, Postfix, Exim and OpenSMTPD. What must be
known in the end is computed from the plan alone (``tests.simulation.week``). ``WEEK_SEED`` plays another week.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.servers.beside import Exim, OpenSmtpd
from tests.servers.calendar import until
from tests.servers.postfix import PostfixSink
from tests.servers.service import Service
from tests.servers.tls_front import TlsFront
from tests.servers.town import Town
from tests.servers.week import Stage
from tests.simulation.week.drawing import LATE, TOWNS, draw
from tests.simulation.week.plan import DAYS, EXPIRE, STREAMS, TENANTS, Letter, Week
from tests.simulation.week.truth import Key, Truth

SEED = int(os.environ.get("WEEK_SEED", "1"))
#: The day in whose morning the service is stopped and started: what it knows survives.
RESTARTED = 4
MORNING, NOON = 9, 12
#: Whoever is put off in the morning is tried at noon, whoever is at noon in the next morning: the longest wait is for a
#: full mailbox, 16 times as long and a fifth more, still under the two hours before noon.
RETRY = "5m"


@pytest.fixture
def stage(folder, certificates, dns, root):
    settings = {"delivery": {"retry": [RETRY], "expire": f"{EXPIRE}d"}}
    with (
        Town() as town,
        Service(folder / "service", certificates, dns=dns.at, mx_port=town.port, settings=settings) as service,
        TlsFront(certificates, (service.address, service.public), "t.relay.test") as front,
    ):
        yield Stage(service, dns, town, front)


class Days:
    """The week as it goes. read: what came back until the last restart, by what it was."""

    def __init__(self, stage: Stage, week: Week) -> None:
        self.stage = stage
        self.week = week
        self.truth = Truth(week)
        self.read: Counter[str] = Counter()
        self._waiting: list[Letter] = []

    def live(self, day: int) -> None:
        """Live one day: mail in the morning, second attempts at noon, then what comes of it."""
        self.stage.clock.set(day, MORNING, 10 * day)  # later each day: in its morning a letter is full days old
        if day == RESTARTED:
            self.read += self.stage.read()
            self.stage.restart()
        self.truth.morning(day)
        sent = self._send(day)
        self.stage.clock.set(day, NOON)
        self._give_up(day)
        for letter in sent:
            for act in letter.later:
                self.truth.later(letter, act)
                self.stage.play(letter, act)
        self.stage.read()
        self.stage.told(self.truth.told, len(self._waiting))
        for entry in [entry for entry in self.week.entries if entry.day == day]:
            self.stage.enter(entry)
        self.truth.evening(day)
        self._compare(day)

    def _send(self, day: int) -> list[Letter]:
        letters = self.week.of(day)
        sent = [letter for letter in letters if self.truth.send(letter)]
        self.stage.send(letters, {*letters} - {*sent})
        self.stage.attempted()
        self._waiting += [letter for letter in sent if letter.answer is not None and letter.answer.lasting]
        return sent

    def _give_up(self, day: int) -> None:
        over = [letter for letter in self._waiting if letter.day + EXPIRE <= day]
        self._waiting = [letter for letter in self._waiting if letter not in over]
        self.stage.drained(len(self._waiting))
        for letter in over:
            self.truth.expired(letter, day)

    def _compare(self, day: int) -> None:
        """See that the lists are the planted ones, each read with its own tenant's key."""
        for name, customer in self.stage.customers.items():
            planted = {key: reason for key, reason in self.truth.entries.items() if key.tenant == name}
            found: dict[Key, str] = {}

            def equal(customer: Any = customer, found: dict[Key, str] = found, planted: Any = planted) -> bool:
                found.clear()
                found |= {Key(*key): reason for key, reason in self.stage.suppressed(customer).items()}
                return found == planted

            try:
                until(equal, within=120)
            except AssertionError:
                more, fewer = found.items() - planted.items(), planted.items() - found.items()
                raise AssertionError(f"seed {SEED}, day {day}: not planted {more}, missing {fewer}") from None


def planted(truth: Truth, tenant: str, group: str) -> dict[tuple[int, str], dict[str, int]]:
    """Return the planted numbers of a tenant by day and stream, or campaign."""
    found: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for place, number in truth.counts.items():
        value = getattr(place, group)
        if place.tenant == tenant and value and number:
            found[place.day, value][place.measure] += number
    return {key: dict(numbers) for key, numbers in found.items()}


def differing(
    found: dict[tuple[int, str], dict[str, int]], there: dict[tuple[int, str], dict[str, int]], where: str
) -> list[str]:
    """Return every number that is not the planted one, as a line to read.

    Attempts put off are exact too: a 421 on a connection that was kept open is a goodbye (RFC 5321 section 3.8), and the
    same attempt goes on over one new connection, where the servers of the town say it again: that is the deferral.
    Refusals at RCPT come before a message names its campaign: they are compared by stream.
    """
    by_stream = any(value in STREAMS for _, value in found)
    wrong: list[str] = []
    for key in sorted({*found, *there}):
        numbers, wanted = Counter(found.get(key, {})), Counter(there.get(key, {}))
        if not by_stream:
            del numbers["rejected"], wanted["rejected"]
        wrong += [
            f"{where}, day {key[0]}, {key[1]}: {measure} {numbers[measure]}, planted {wanted[measure]}"
            for measure in sorted({*numbers, *wanted})
            if numbers[measure] != wanted[measure]
        ]
    return wrong


@pytest.mark.long
@pytest.mark.timeout(1_200)  # alone it takes a tenth of that
def test_a_week_is_known_as_it_was_planted(stage, folder):
    week = draw(SEED)
    stage.prepare([*TOWNS, *week.own])
    days = Days(stage, week)
    with ExitStack() as stack:
        late_servers(stack, stage, folder)
        for day in range(DAYS):
            days.live(day)
    truth, seen = days.truth, stage.town.seen
    wrong = [
        line
        for name in TENANTS
        for group in ("stream", "campaign")
        for line in differing(stage.statistics(stage.customers[name], group), planted(truth, name, group), name)
    ]
    assert wrong == [], f"seed {SEED}"
    # Everything that came back was read, and is what was planted; what was of no use is in the log, of no tenant.
    read = days.read + stage.read()
    assert read == truth.read, f"seed {SEED}"
    events = stage.service.events()
    filed = Counter(event["reason"] for event in events if not event["tenant"])
    assert filed == truth.filed
    # Nobody was written to but who was planted, and the people who were owed a report.
    told = Counter(each.recipient for each in seen.arrived if each.recipient in truth.told)
    assert told == truth.told
    assert {*seen.asked} <= truth.asked | {*told}
    for name, customer in stage.customers.items():
        mine = stage.events(customer)
        assert {event["tenant"] for event in mine} == {customer.tenant}
        assert len(mine) == sum(event["tenant"] == customer.tenant for event in events), name
    stage.service.run("statistics", "verify")


def late_servers(stack: ExitStack, stage: Stage, folder: Path) -> None:
    """Start the servers that take mail and report its failure later, and let the DNS name them."""
    back, port = (stage.service.address, stage.service.mx), stage.town.port
    lines = {
        "virtual_alias_maps": "regexp:{{/^gone.*@late-postfix/ gone@void.test}}",
        "transport_maps": "inline:{{void.test=error:5.1.1 this mailbox is gone}}",
        "relayhost": f"[{back[0]}]:{back[1]}", "default_transport": "smtp",
    }  # fmt: skip
    refusal = {"smtpd_recipient_restrictions": "check_recipient_access static:{550 5.1.1 this mailbox is gone}"}
    behind = stack.enter_context(PostfixSink(folder / "behind", domains=(LATE["opensmtpd"],), settings=refusal))
    servers: dict[str, PostfixSink | Exim | OpenSmtpd] = {
        "postfix": PostfixSink(folder / "late", domains=(LATE["postfix"],), port=port, settings=lines),
        "exim": Exim(folder / "exim", back=back, port=port, domain=LATE["exim"]),
        "opensmtpd": OpenSmtpd(
            folder / "smtpd", back=back, refuser=(behind.address, behind.port), port=port, domain=LATE["opensmtpd"]
        ),
    }
    for name, server in servers.items():
        stack.enter_context(server)
        stage.dns.mail_exchanger(LATE[name], server.address)
