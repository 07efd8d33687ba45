from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from estafette.model.event import Event, Reply
from estafette.model.user import LANGUAGES
from estafette.reporting.replies import grouped
from estafette.reporting.suggestions import MOST, Material, suggest, told
from estafette.reporting.words import words

QUIET = {
    "queued": 20_000, "delivered": 19_900, "bounced.hard": 60, "bounced.soft": 40, "deferred": 400,
    "complained": 4, "clicked.first": 800, "opened.raw": 9_000, "opened.machine": 2_000, "opened.human": 7_000,
}  # fmt: skip


def part(**fields):
    return {name.replace("_", "."): amount for name, amount in fields.items()}


def said(*pairs):
    events = []
    for text, count in pairs:
        events += [Event(1, 1.0, "deferred", "t", "s", 1, reply=Reply(450, "4.7.0", text))] * count
    return grouped(events)


def rules(material):
    return [each.rule for each in suggest(material)]


def test_all_is_well_needs_no_suggestion():
    providers = {"google": part(delivered=9_000, clicked_first=370), "other": part(delivered=10_900, clicked_first=430)}
    mailings = {"spring": part(delivered=5_000, complained=1, bounced_hard=15, clicked_first=200)}
    assert suggest(Material(total=QUIET, providers=providers, campaigns=mailings)) == []
    assert suggest(Material(total={})) == []


def test_rate_limits_suggest_to_spread_the_mail():
    (found,) = suggest(Material(total=QUIET, deferred={"google": said(("rate limited", 210), ("server busy", 190))}))
    assert (found.rule, found.subject) == ("pace", "google")
    assert (found.evidence[0].numerator, found.evidence[0].denominator) == (210, 400)
    assert found.effect.holds(210 / 400)
    assert rules(Material(total=QUIET, deferred={"google": said(("rate limited", 60), ("server busy", 140))})) == []


def test_dead_addresses_are_named_by_their_mailing():
    mailings = {"old": part(delivered=1_700, bounced_hard=300), "new": part(delivered=2_000, bounced_hard=3)}
    total = QUIET | part(bounced_hard=363)
    (found,) = suggest(Material(total=total, campaigns=mailings))
    assert (found.rule, found.subject) == ("addresses", "old")


def test_complaints_must_differ_from_the_rest():
    total = QUIET | part(complained=24)
    (found,) = suggest(Material(total=total, tags={"weekly": part(delivered=4_000, complained=20)}))
    assert (found.rule, found.subject, found.effect.low > 0) == ("complaints", "weekly", True)
    assert rules(Material(total=total, tags={"all": part(delivered=19_800, complained=24)})) == []


def test_a_provider_where_far_fewer_click():
    providers = {"aside": part(delivered=4_000, clicked_first=30), "google": part(delivered=15_900, clicked_first=770)}
    (found,) = suggest(Material(total=QUIET, providers=providers))
    assert (found.rule, found.subject, len(found.evidence)) == ("provider_gap", "aside", 2)


def test_machines_that_open_more_than_people():
    assert rules(Material(total=QUIET | {"opened.machine": 6_000, "opened.human": 3_000})) == ["machine_opens"]


def test_at_most_three_and_the_weightiest_first():
    material = Material(
        total=QUIET | {"opened.machine": 6_000, "complained": 40, "bounced.hard": 900},
        campaigns={"old": part(delivered=3_000, bounced_hard=800, complained=36)},
        deferred={"google": said(("rate limited", 300))},
        refused={"google": said(("does not pass authentication checks", 250))},
    )
    found = rules(material)
    assert len(found) == MOST
    assert found[0] == "addresses"
    assert "machine_opens" not in found


counts = st.dictionaries(st.sampled_from(sorted(QUIET)), st.integers(-5, 30_000))
named = st.dictionaries(st.sampled_from(["", "a", "b{c}", "%s"]), counts, max_size=3)
heard = st.lists(st.tuples(st.sampled_from(["rate limited", "spf check", "no"]), st.integers(0, 300)), max_size=3)


@given(counts, named, named, named, heard, heard)
def test_never_one_without_evidence(total, providers, campaigns, tags, deferred, refused):
    material = Material(
        total=total, providers=providers, campaigns=campaigns, tags=tags, deferred={"p": said(*deferred)},
        refused={"p": said(*refused)},
    )  # fmt: skip
    found = suggest(material)
    assert len(found) <= MOST
    for each in found:
        assert each.evidence
        for rate in each.evidence:
            assert rate.withheld == ""
            assert rate.interval is not None
            assert (rate.denominator >= 200, rate.numerator >= 10) == (True, True)
        assert each.effect.low <= each.effect.high
        for language in LANGUAGES:
            assert all(told(each, language).values())


def test_every_rule_has_words_in_every_language():
    book = words()
    assert all(set(book.suggestions[language]) == set(book.rules) for language in LANGUAGES)
    assert set(book.audit["en"]) == set(book.audit["fr"])
    assert set(book.changes["en"]) == set(book.changes["fr"])
