"""What each hit was: a person, or which machine. Pure, and the same for hits at rest and hits in memory.

Rules are those of the facts (screens-and-measurement 3.4); the numbers in comments are theirs. Nothing is decided by
time alone, no scanner is answered differently for it, and no link is planted to catch one.
"""

from __future__ import annotations

from collections.abc import Sequence

from estafette.model.tracking import Agent
from estafette.tracking.evidence import UNKNOWN_COPY, Copy, Knowledge, Letter, Seen, Verdict
from estafette.tracking.groups import Company, ahead, moment

#: Of the rules, their thresholds and the shipped tables; an event says which one judged it.
VERSION = 1

#: Rule 9: so soon after the 250 is a sign. Rule 6: so soon, an image proxy may have loaded with nobody there.
EARLY = 60.0
AT_DELIVERY = 5.0
#: The clock of whoever logged the 250 may be this much ahead of the one that saw the hit.
SKEW = 5.0
#: Rule 10: signs that make a scanner; behind a security gateway one fewer.
SIGNS = 2

_FOLLOWS = ("GET", "POST")


def classify(hits: Sequence[Seen], known: Knowledge) -> list[Verdict]:
    """Return the verdict on each hit, in the order of ``hits``; the order says nothing, and repeating changes nothing.

    All hits of a copy belong together into ``hits``, and for rule 11 those of the same addresses around it. Works in
    n log n.
    """
    judge = _Judge(hits, known)
    # Opens first: whether somebody was seen to read matters for clicks.
    order = sorted(range(len(hits)), key=lambda place: (hits[place].kind == "clicked", moment(hits[place])))
    found = {place: judge.of(place) for place in order}
    return [found[place] for place in range(len(hits))]


class _Judge:
    """Looks at one hit after the other, and remembers who was seen to read."""

    def __init__(self, hits: Sequence[Seen], known: Knowledge) -> None:
        self._hits = hits
        self._known = known
        self._company = Company(hits, known)
        self._read: dict[Letter, float] = {}

    def of(self, place: int) -> Verdict:
        hit = self._hits[place]
        copy = self._known.get(hit.letter or (0, 0), UNKNOWN_COPY)
        found = _alone(hit, copy) or self._among(place) or self._weighed(place, copy)
        if hit.kind == "opened" and hit.letter is not None and found.person:
            self._read.setdefault(hit.letter, hit.at)
        return found

    def _among(self, place: int) -> Verdict | None:
        """What the hits around it decide (rules 8 and 11)."""
        company = self._company
        if place in company.bursts:
            return Verdict(agent="scanner", reasons=(company.bursts[place],))
        if place in company.same:
            return Verdict(agent="scanner", reasons=("same_source",))
        if place in company.shared and self._hits[place].kind == "clicked":
            return Verdict(agent="scanner", reasons=(company.shared[place],))
        return None

    def _weighed(self, place: int, copy: Copy) -> Verdict:
        hit = self._hits[place]
        signs = _signs(hit, copy)
        if signs and place in self._company.scanned:
            signs.append("scanned")
        if copy.gateway and place in self._company.shared:
            signs.append(self._company.shared[place])
        if copy.gateway and signs:
            return Verdict(agent="scanner", reasons=(*signs, f"gateway:{copy.gateway}"))
        if len(signs) >= SIGNS:
            return Verdict(agent="scanner", reasons=tuple(signs))
        if signs and not signs[0].startswith("early"):
            return Verdict(agent="unknown", reasons=(*signs, "one_sign"))
        return self._undecided(hit, copy) or Verdict(agent="human", reasons=(*signs, *_marks(hit, copy)))

    def _undecided(self, hit: Seen, copy: Copy) -> Verdict | None:
        """Rule 15: the only link of a mail behind a gateway, opened by somebody who was not seen to read."""
        if hit.kind == "opened" or copy.links != 1 or not copy.gateway or hit.letter is None:
            return None
        if self._read.get(hit.letter, hit.at) < hit.at:
            return None
        return Verdict(agent="unknown", reasons=("single_link", f"gateway:{copy.gateway}", "no_open"))


def _alone(hit: Seen, copy: Copy) -> Verdict | None:
    """What a hit is by itself, whatever was around it (rules 4 to 7)."""
    if hit.method.upper() not in _FOLLOWS:
        return Verdict(agent="scanner", reasons=("method",))
    if ahead(hit):
        return Verdict(agent="preview", reasons=("prefetch",))
    network = hit.network
    if network is not None and network.certainty == "certain" and network.says(hit.kind):
        return _of_program(network.agent, f"network:{network.name}", hit, copy)
    program = hit.program
    if program.agent and program.certainty == "certain" and program.says(hit.kind):
        return _of_program(program.agent, _CODES.get(program.agent, "program"), hit, copy)
    return None


_CODES = {"proxy_prefetch": "bare_agent", "image_proxy": "image_proxy"}


def _of_program(agent: Agent, reason: str, hit: Seen, copy: Copy) -> Verdict:
    if agent == "image_proxy" and copy.delivered and hit.at - copy.delivered < AT_DELIVERY:
        return Verdict(agent=agent, reasons=(reason, "prefetch_suspected"))
    return Verdict(agent=agent, reasons=(reason,))


def _signs(hit: Seen, copy: Copy) -> list[str]:
    """Signs that are counted, strange programs and networks before time."""
    signs = []
    # What is a sign on opens only is one on clicks too: nobody clicks with a prefetcher or an image proxy.
    if hit.program.agent and (hit.program.says(hit.kind) or hit.kind == "clicked"):
        signs.append("odd_agent")
    if hit.network is not None and hit.network.certainty == "probable" and hit.network.says(hit.kind):
        signs.append(f"network_probable:{hit.network.name}")
    after = hit.at - copy.delivered
    if copy.delivered and -SKEW <= after < EARLY:
        signs.append(f"early:{max(after, 0.0):.0f} s")
    return signs


def _marks(hit: Seen, copy: Copy) -> tuple[str, ...]:
    return ("single_link",) if hit.kind == "clicked" and copy.links == 1 else ()
