"""Draws a week: ordinary mail, and every fate at least once, for a tenant, a stream and a day that chance chooses."""

from __future__ import annotations

from collections import defaultdict
from random import Random

from tests.simulation.week.plan import DAYS, STREAMS, TENANTS, TOPICS, Answer, Entry, Later, Letter, Week
from tests.simulation.week.replies import Said, labelled

#: Domains of ordinary people, and those whose servers take mail and report its failure later.
TOWNS = tuple(f"town{number}.test" for number in range(5))
LATE = {"postfix": "late-postfix.test", "exim": "late.test", "opensmtpd": "late-smtpd.test"}
#: Ordinary letters of a day.
USUAL = {"personal": 3, "transactional": 5, "bulk": 8}
#: Steps at which no recipient is named: such a refusal needs a server of its own.
_EARLY = frozenset({"connect", "ehlo", "mail"})
_COMPLAINTS = ("yahoo", "signal-spam", "microsoft-jmrp", "comcast-validity")
_ANSWERS = ("vacation", "challenge", "moved")


class Drawing:
    """One week under way. People are never drawn twice for fates; ordinary people get mail from anybody."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._number = 0
        self.week = Week(seed)

    def person(self, what: str, domain: str = "") -> str:
        """Return an address that nobody has yet."""
        self._number += 1
        return f"{what}{self._number}@{domain or self._random.choice(TOWNS)}"

    def add(self, recipient: str, *days: int, stream: str = "", tenant: str = "", **letter: object) -> Letter:
        """Plant letters of one tenant and stream to somebody; return the first."""
        stream, tenant = stream or self._random.choice(STREAMS), tenant or self._random.choice(TENANTS)
        made = [self._letter(day, tenant, stream, recipient, letter) for day in days]
        self.week.letters += made
        return made[0]

    def _letter(self, day: int, tenant: str, stream: str, recipient: str, fields: dict[str, object]) -> Letter:
        topic = self._random.choice(TOPICS) if stream == "bulk" else ""
        by = self._random.choice(("smtp", "smtp", "smtp", "api"))
        return Letter(day, tenant, stream, recipient, **{"topic": topic, "by": by} | fields)  # type: ignore[arg-type]

    def day(self, last: int = DAYS - 1) -> int:
        """Draw a day."""
        return self._random.randint(0, last)

    def usual(self) -> None:
        """Plant ordinary letters: taken at once, or at the second attempt by a server that is busy."""
        people = [f"person{number}@{TOWNS[number % len(TOWNS)]}" for number in range(400)]
        for day in range(DAYS):
            for tenant in TENANTS:
                for stream, count in USUAL.items():
                    for recipient in self._random.sample(people, count):
                        self.add(recipient, day, stream=stream, tenant=tenant)

    def answers(self) -> None:
        """Plant every category at every step at which a server is known to say it, for now and for good."""
        found: defaultdict[tuple[str, str, bool], list[Said]] = defaultdict(list)
        for said in labelled():
            if said.category not in {"expired", "unknown"}:
                found[said.category, said.phase, said.lasting].append(said)
        for (category, phase, _), some in sorted(found.items()):
            said = self._random.choice(some)
            own = f"own{self._number + 1}.test" if phase in _EARLY else ""
            self.week.own += [own] if own else []
            answer = Answer(category, phase, said.address, (said.line,))
            first = self.add(self.person("said", own), self.day(DAYS - 2), answer=answer)
            self._again(first)

    def _again(self, first: Letter) -> None:
        """Write to the same person later: the same stream (where a suppression shows), and the other tenant."""
        day = self._random.randint(first.day + 1, DAYS - 1)
        self.add(first.recipient, day, stream=first.stream, tenant=first.tenant)
        if self._random.random() < 0.3:
            other = next(name for name in TENANTS if name != first.tenant)
            self.add(first.recipient, day, stream=first.stream, tenant=other)

    def hard(self) -> None:
        """Plant unknown mailboxes in each stream of each tenant, and a text that nobody knows."""
        texts = [said for said in labelled() if said.category == "invalid_recipient" and said.address == "R"]
        for tenant in TENANTS:
            for stream in STREAMS:
                said = self._random.choice(texts)
                answer = Answer(said.category, said.phase, said.address, (said.line,))
                self._again(self.add(self.person("gone"), self.day(5), stream=stream, tenant=tenant, answer=answer))
        strange = Answer("unknown", "rcpt", "-", ("550 Quoth the raven, nevermore",))
        self._again(self.add(self.person("strange"), self.day(5), answer=strange))

    def repeated(self) -> None:
        """Plant full and closed mailboxes: as often as suppresses, once less, and with a delivery between."""
        full = [said for said in labelled() if said.category == "mailbox_full" and said.lasting]
        closed = [said for said in labelled() if said.category == "mailbox_disabled" and said.lasting]
        days = {"full": (0, 2, 5, 7), "few": (0, 3, 7), "short": (1, 2, 4, 7)}
        for tenant in TENANTS:
            for stream in ("transactional", "bulk"):
                for what, some in days.items():
                    self._row(self.person(what), tenant, stream, full, dict.fromkeys(some, True))
                self._row(self.person("emptied"), tenant, stream, full, {0: True, 1: True, 3: False, 4: True, 7: True})
                self._row(self.person("closed"), tenant, stream, closed, {1: True, 3: True, 5: True})
                self._row(self.person("opened"), tenant, stream, closed, {1: True, 3: False, 5: True, 6: False})

    def _row(self, person: str, tenant: str, stream: str, texts: list[Said], days: dict[int, bool]) -> None:
        for day, refused in days.items():
            said = self._random.choice(texts)
            answer = Answer(said.category, said.phase, said.address, (said.line,)) if refused else None
            self.add(person, day, stream=stream, tenant=tenant, answer=answer)

    def expiring(self) -> None:
        """Plant two who are put off until the time is up: one of them was a person's letter."""
        for stream in ("personal", "transactional"):
            answer = Answer("mailbox_full", "rcpt", "r", ("452 4.2.2 Mailbox full",), lasting=True)
            self.add(self.person("never"), self.day(3), stream=stream, answer=answer)

    def late(self) -> None:
        """Plant reports of failure that come after the mail was taken: by real servers, recorded, and of all kinds."""
        for server, domain in LATE.items():
            for stream in STREAMS:
                report = Later("late", server, "invalid_recipient", "R")
                first = self.add(self.person("gone", domain), 1, stream=stream, later=(report,))
                if stream != "personal":  # where nothing is suppressed it would fail again
                    self.add(first.recipient, self._random.randint(2, DAYS - 1), stream=stream, tenant=first.tenant)
        for form in ("gmail", "exchange_online", "qmail", "exim_plain"):
            report = Later("late", form, "invalid_recipient", "R")
            self._again(self.add(self.person("late"), self.day(5), later=(report,)))
        for category in ("mailbox_full", "spam_content", "invalid_recipient"):
            said = self._random.choice([each for each in labelled() if each.category == category and each.lasting])
            report = Later("late", "standard", said.category, said.address, said.line)
            self._again(self.add(self.person("late"), self.day(5), later=(report,)))

    def notices(self) -> None:
        """Plant delays (of which the last failed in the end) and relays."""
        for form in ("delayed", "relayed", "exim_delayed"):
            for tenant in TENANTS:
                self.add(self.person("slow"), self.day(), tenant=tenant, later=(Later("notice", form),))
        delayed, failed = Later("notice", "delayed"), Later("late", "gmail", "invalid_recipient", "R")
        self.add(self.person("slow"), self.day(), later=(delayed, failed))

    def complaints(self) -> None:
        """Plant two of each stream that is measured, below what pauses one, and one about a person's letter."""
        for tenant in TENANTS:
            forms = self._random.sample(_COMPLAINTS, 4)
            for place, stream in enumerate(("transactional", "transactional", "bulk", "bulk")):
                told = Later("complaint", forms[place])
                again = (told, Later("complaint", "signal-spam")) if place == 1 else (told,)
                self._again(self.add(self.person("angry"), self.day(5), stream=stream, tenant=tenant, later=again))
            calm = Later("complaint", "not-spam")
            self.add(self.person("calm"), self.day(5), stream="bulk", tenant=tenant, later=(calm,))

    def leaving(self) -> None:
        """Plant readers who leave a topic or a stream by each way, some of whom come back."""
        ways = ("one_click", "mailto", "click", "click_all")
        for tenant in TENANTS:
            for way in ways:
                for back in (False, True) if way.startswith("click") else (False,):
                    acts = (Later("leave", way), *((Later("rejoin", "click"),) if back else ()))
                    first = self.add(self.person("reader"), self.day(5), stream="bulk", tenant=tenant, later=acts)
                    for topic in TOPICS:
                        self._same(first, topic)

    def _same(self, first: Letter, topic: str) -> None:
        day = first.day + 1 + TOPICS.index(topic)
        if day < DAYS:
            self.add(first.recipient, day, stream=first.stream, tenant=first.tenant, topic=topic)

    def automatic(self) -> None:
        """Plant what programs answer; one answers to the address for leaving, which leaves nothing."""
        for form in _ANSWERS:
            for tenant in TENANTS:
                self._again(self.add(self.person("away"), self.day(5), tenant=tenant, later=(Later("answer", form),)))
        self._again(self.add(self.person("away"), self.day(5), stream="bulk", later=(Later("answer", "leaving"),)))

    def forged(self) -> None:
        """Plant what strangers send to harm somebody: not one of these moves anything."""
        forms = (
            "dsn_wrong_mac",
            "dsn_of_another",
            "dsn_replayed",
            "dsn_foreign_id",
            "arf_unmarked",
            "arf_wrong_mac",
            "mailto_broken",
        )
        for form in forms:
            for tenant in TENANTS:
                self._again(
                    self.add(
                        self.person("victim"), self.day(5), stream="bulk", tenant=tenant, later=(Later("forged", form),)
                    )
                )

    def entries(self) -> None:
        """Plant entries of the tenants' own: one that ends within the week, one of the tenant, one of a whole domain."""
        for tenant in TENANTS:
            for until in (3, DAYS + 1):
                person = self.person("stopped")
                self.week.entries.append(Entry(0, tenant, "bulk", person, until))
                self.add(person, 1, 2, 4, 6, stream="bulk", tenant=tenant)
            person = self.person("nowhere")
            self.week.entries.append(Entry(1, tenant, "", person))
            for stream in STREAMS:
                self.add(person, 3, stream=stream, tenant=tenant)


def draw(seed: int) -> Week:
    """Draw the week of a seed."""
    drawing = Drawing(seed)
    for plant in (
        drawing.usual, drawing.answers, drawing.hard, drawing.repeated, drawing.expiring, drawing.late, drawing.notices,
        drawing.complaints, drawing.leaving, drawing.automatic, drawing.forged, drawing.entries,
    ):  # fmt: skip
        plant()
    return drawing.week
