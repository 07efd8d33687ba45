from __future__ import annotations

import msgspec
import pytest

from estafette.model.event import Event, Reply
from estafette.reporting.replay import SAMPLES, Replay, Replayer
from estafette.smtp.classification.rulebook import read, shipped
from estafette.store.interface.history import Stretch

RULES = """
tier = "generic"
[[rule]]
name = "mine"
category = "mailbox_full"
texts = ["user unknown"]
examples = []
"""


def bounced(text="User unknown", number=1, **more):
    return Event(
        number,
        float(number),
        "bounced",
        "t",
        "s",
        number,
        reply=Reply(550, "5.1.1", text),
        reason="rcpt_refused",
        **more,
    )


class Log:
    """A log in memory, looked at in pieces; the real one is asked through the command line."""

    def __init__(self, events, pruned=0):
        self.events, self._pruned = events, pruned

    async def position(self):
        return len(self.events)

    async def pruned(self):
        return self._pruned

    async def stretch(self, cursor, limit, selection):  # noqa: ARG002 - as the real one is called
        upto = min(cursor + 2, len(self.events))
        items = [(place + 1, self.events[place]) for place in range(cursor, upto)]
        return Stretch([each for each in items if each[1].at >= selection.since], upto, upto < len(self.events))


async def test_a_candidate_is_compared_with_the_live_rules():
    found = await Replayer(read([RULES], 0), shipped()).run(Log([bounced(number=n) for n in range(1, 6)]))
    assert (found.looked_at, found.changed) == (5, 5)
    [line] = found.document()["changes"]
    assert line["was"] == {"category": "invalid_recipient", "scope": "recipient", "suppress": True}
    assert line["is"] == {"category": "mailbox_full", "scope": "recipient", "suppress": False}
    assert (line["replies"], line["samples"]) == (5, ["User unknown"])


async def test_only_the_time_asked_for_counts():
    found = await Replayer(read([RULES], 0), shipped()).run(Log([bounced(number=n) for n in range(1, 6)]), since=4.0)
    assert found.looked_at == 2


def test_without_a_candidate_what_was_said_then_is_compared():
    found = Replay()
    events = [
        bounced(category="invalid_recipient", scope="recipient", rule="text.invalid_recipient@1"),
        bounced(category="spam_content", scope="message", rule="old@1"),
        bounced(),
    ]
    Replayer(shipped()).compare(events, found)
    assert (found.looked_at, found.changed) == (3, 2)
    assert [line["was"]["category"] for line in found.document()["changes"]] == ["", "spam_content"]


@pytest.mark.parametrize(
    "event",
    [
        msgspec.structs.replace(bounced(), reply=None),
        msgspec.structs.replace(bounced(), reply=Reply(250, "2.0.0", "ok")),
        bounced(category="expired", scope="message"),
    ],
)
def test_what_no_rule_was_asked_about_is_left_out(event):
    found = Replay()
    Replayer(shipped()).compare([event], found)
    assert found.looked_at == 0


def test_the_same_rules_change_nothing_and_samples_are_few_and_general():
    found = Replay()
    Replayer(shipped(), shipped()).compare([bounced()], found)
    assert found.document() == {"looked_at": 1, "changed": 0, "changes": []}
    Replayer(read([RULES], 0), shipped()).compare(
        [bounced(f"<a{n}@b.example> user unknown {n}") for n in range(9)], found
    )
    Replayer(read([RULES], 0), shipped()).compare([bounced(f"user unknown {word}") for word in "abcde"], found)
    [line] = found.document()["changes"]
    assert len(line["samples"]) == SAMPLES
    assert not [sample for sample in line["samples"] if "@" in sample]
