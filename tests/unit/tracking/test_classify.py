"""Each rule by itself, what tips the scales, and that neither order nor repetition nor hostile text changes anything."""

import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.tracking import agents
from estafette.tracking.classify import classify
from estafette.tracking.evidence import Copy, Seen
from estafette.tracking.networks import Network
from estafette.tracking.reasons import REASONS, code

START = 1_800_000_000.0
PROGRAMS = agents.load()
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
ANN = (1, 1)
PLAIN = Copy(person="ann@shop.test", domain="shop.test", delivered=START, links=6)
GUARDED = msgspec.structs.replace(PLAIN, gateway="proofpoint")
LONG = 3_600.0


def click(after: float = LONG, link: int = 1, agent: str = CHROME, **more) -> Seen:
    fields: dict[str, Any] = {
        "visitor": "192.0.2.1",
        "letter": ANN,
        "agent": agent,
        "program": PROGRAMS.of(agent),
    } | more
    return Seen(at=START + after, kind="clicked", link=link, **fields)


def opened(after: float = LONG, agent: str = CHROME, **more) -> Seen:
    fields: dict[str, Any] = {
        "visitor": "192.0.2.1",
        "letter": ANN,
        "agent": agent,
        "program": PROGRAMS.of(agent),
    } | more
    return Seen(at=START + after, kind="opened", **fields)


def network(agent: Any = "scanner", scope: Any = "all", certainty: Any = "certain") -> Network:
    return Network(name="known", agent=agent, scope=scope, certainty=certainty, source="a test", date="")


def judged(*hits: Seen, copy: Copy = PLAIN) -> list[tuple[str, list[str]]]:
    return [(v.agent, [code(each) for each in v.reasons]) for v in classify(hits, {ANN: copy})]


def test_somebody_who_reads_and_clicks_is_a_person():
    assert judged(opened(), click(LONG + 30)) == [("human", []), ("human", [])]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PROPFIND", "", "héad"])
def test_methods_that_follow_no_link_are_never_clicks(method):
    assert judged(click(method=method), opened(method=method)) == [("scanner", ["method"])] * 2


@pytest.mark.parametrize("purpose", ["prefetch", "Prefetch;anonymous-client-ip", "prefetch;prerender", "preview"])
def test_what_says_that_it_fetches_ahead_is_no_click(purpose):
    assert judged(click(purpose=purpose)) == [("preview", ["prefetch"])]


def test_links_fetched_ahead_by_a_readers_browser_make_no_burst():
    hits = [click(LONG + n / 10, n, purpose="prefetch") for n in (1, 2, 3)]
    assert judged(*hits, click(LONG + 5, 1))[-1] == ("human", [])


def test_the_bare_agent_is_a_prefetcher_on_opens_and_odd_on_clicks():
    assert judged(opened(agent="Mozilla/5.0")) == [("proxy_prefetch", ["bare_agent"])]
    assert judged(click(agent="Mozilla/5.0")) == [("unknown", ["odd_agent", "one_sign"])]


def test_an_image_proxy_is_a_reading_but_not_at_delivery():
    assert judged(opened(agent=GMAIL)) == [("image_proxy", ["image_proxy"])]
    assert judged(opened(4.9, agent=GMAIL)) == [("image_proxy", ["image_proxy", "prefetch_suspected"])]
    assert judged(opened(5.0, agent=GMAIL)) == [("image_proxy", ["image_proxy"])]
    found = classify([opened(1.0, agent=GMAIL), opened(9.0, agent=GMAIL)], {ANN: PLAIN})
    assert [each.person for each in found] == [False, True]


def test_chat_programs_are_previews():
    assert judged(click(agent="Slackbot-LinkExpanding 1.0")) == [("preview", ["program"])]


def test_a_network_of_scanners_says_so_on_clicks_and_not_on_opens():
    known = network(scope="clicks")
    assert judged(click(network=known), opened(network=known)) == [("scanner", ["network"]), ("human", [])]


def test_a_published_network_of_prefetchers_counts_whatever_the_program_says():
    assert judged(opened(network=network("proxy_prefetch", "opens"))) == [("proxy_prefetch", ["network"])]


def test_three_links_within_two_seconds_are_a_scanner_and_the_first_is_folded_back():
    hits = [click(LONG, 1), click(LONG + 1, 2, visitor="192.0.2.2"), click(LONG + 2, 3), click(LONG + 700, 4)]
    assert judged(*hits) == [("scanner", ["burst"])] * 3 + [("human", [])]
    assert classify(hits[:3], {})[0].reasons == ("burst:3 links in 2.0 s",)


def test_two_links_are_a_burst_only_where_there_are_no_more():
    hits = [click(LONG, 1), click(LONG + 1, 2)]
    assert judged(*hits) == [("human", [])] * 2
    assert judged(*hits, copy=msgspec.structs.replace(PLAIN, links=2)) == [("scanner", ["burst"])] * 2


def test_the_same_link_again_and_again_is_no_burst():
    assert judged(*[click(LONG + n / 10, 1) for n in range(9)]) == [("human", [])] * 9


def test_links_of_two_recipients_are_no_burst():
    hits = [click(LONG + n / 10, n, letter=(1, n)) for n in (1, 2, 3)]
    assert [each.agent for each in classify(hits, {})] == ["human"] * 3


def test_the_source_of_a_burst_is_a_scanner_for_ten_minutes_around_it():
    burst = [click(LONG + n / 10, n) for n in (1, 2, 3)]
    hits = [opened(LONG - 30), click(LONG + 300, 5), click(LONG + 300, 5, agent="Other"), click(LONG + 900, 5)]
    found = judged(*burst, *hits)[3:]
    assert found[:2] == [("scanner", ["same_source"])] * 2
    assert found[3] == ("human", [])


def test_soon_after_delivery_is_a_sign_and_never_a_reason():
    assert judged(click(10)) == [("human", ["early"])]
    assert judged(opened(10)) == [("human", ["early"])]
    assert judged(click(60)) == [("human", [])]
    assert judged(click(-3)) == [("human", ["early"])]
    assert judged(click(-300)) == [("human", [])]


def test_behind_a_gateway_one_sign_suffices():
    assert judged(click(10), copy=GUARDED) == [("scanner", ["early", "gateway"])]
    assert judged(opened(10), copy=GUARDED) == [("scanner", ["early", "gateway"])]
    assert judged(click(agent="curl/8"), copy=GUARDED) == [("scanner", ["odd_agent", "gateway"])]
    assert judged(click(), copy=GUARDED) == [("human", [])]


def test_elsewhere_two_signs_are_needed():
    assert judged(click(agent="curl/8")) == [("unknown", ["odd_agent", "one_sign"])]
    assert judged(click(10, agent="curl/8")) == [("scanner", ["odd_agent", "early"])]
    probable = network(certainty="probable")
    assert judged(click(network=probable)) == [("unknown", ["network_probable", "one_sign"])]
    assert judged(click(10, network=probable)) == [("scanner", ["network_probable", "early"])]


def test_an_early_load_of_a_message_that_was_scanned_is_the_scanners():
    burst = [click(40 + n / 10, n, visitor="198.51.100.1") for n in (1, 2, 3)]
    assert judged(opened(8), *burst)[0] == ("scanner", ["early", "scanned"])


def test_a_mail_programs_odd_name_is_no_sign_when_it_loads_images():
    assert judged(opened(agent="Spark/3.1"), copy=GUARDED) == [("human", [])]


def _crowd(people: int, domains: int, kind=click) -> tuple[list[Seen], dict]:
    hits = [kind(LONG + n, letter=(1, n), visitor="198.51.100.9") for n in range(people)]
    known = {
        (1, n): Copy(person=f"p{n}@{n % domains}.test", domain=f"{n % domains}.test", delivered=START, links=6)
        for n in range(people)
    }
    return hits, known


def test_one_address_on_links_of_five_recipients_of_two_domains_is_a_scanner():
    assert {v.agent for v in classify(*_crowd(5, 2))} == {"scanner"}
    assert {v.agent for v in classify(*_crowd(4, 2))} == {"human"}
    assert {v.agent for v in classify(*_crowd(9, 1))} == {"human"}, "an office behind one address"
    assert classify(*_crowd(5, 2))[0].reasons == ("shared_source:5 recipients in 4 s",)


def test_one_address_that_loads_images_for_many_is_no_scanner():
    assert {v.agent for v in classify(*_crowd(50, 7, opened))} == {"human"}


def test_opens_of_such_an_address_are_a_sign_behind_a_gateway():
    hits, known = _crowd(5, 2)
    load = opened(LONG + 30, letter=(1, 2), visitor="198.51.100.9")
    assert classify([*hits, load], known)[-1].agent == "human"
    known[1, 2] = msgspec.structs.replace(known[1, 2], gateway="mimecast")
    assert classify([*hits, load], known)[-1].agent == "scanner"


def test_many_messages_to_the_same_person_are_one_recipient():
    hits = [click(LONG + n, letter=(n, 1), visitor="198.51.100.9") for n in range(9)]
    known = {(n, 1): Copy(person="ann@shop.test", domain=f"{n}.test", links=6) for n in range(9)}
    assert {v.agent for v in classify(hits, known)} == {"human"}


def test_the_only_link_behind_a_gateway_cannot_be_decided_unless_somebody_was_seen_to_read():
    copy = msgspec.structs.replace(GUARDED, links=1)
    assert judged(click(), copy=copy) == [("unknown", ["single_link", "gateway", "no_open"])]
    assert judged(click(), opened(LONG + 1), copy=copy)[0][0] == "unknown", "read only afterwards"
    assert judged(click(), opened(LONG - 30), copy=copy)[0] == ("human", ["single_link"])
    assert judged(click(), opened(LONG - 30, "Mozilla/5.0"), copy=copy)[0][0] == "unknown", "a prefetcher read it"
    assert judged(click(), opened(1, GMAIL), copy=copy)[0][0] == "unknown", "loaded at delivery"


def test_the_only_link_elsewhere_is_a_persons_and_marked():
    assert judged(click(), copy=msgspec.structs.replace(PLAIN, links=1)) == [("human", ["single_link"])]


def test_in_aggregate_a_visitor_and_a_group_are_all_that_is_known():
    burst = [click(LONG + n / 10, n, letter=None, group="spring") for n in (1, 2, 3)]
    other = click(LONG, 1, letter=None, group="spring", visitor="another")
    elsewhere = click(LONG, 1, letter=None, group="autumn", visitor="a third")
    found = classify([*burst, other, elsewhere], {})
    assert [each.agent for each in found] == ["scanner"] * 3 + ["human"] * 2


HITS = st.lists(
    st.builds(
        Seen,
        at=st.sampled_from([START + n / 4 for n in range(40)]),
        kind=st.sampled_from(["opened", "clicked"]),
        visitor=st.sampled_from(["192.0.2.1", "198.51.100.2", ""]),
        agent=st.sampled_from([CHROME, GMAIL, "Mozilla/5.0", "curl/8", ""]),
        program=st.sampled_from([PROGRAMS.of(text) for text in (CHROME, GMAIL, "Mozilla/5.0", "curl/8", "")]),
        network=st.sampled_from([None, network(scope="clicks"), network(certainty="probable")]),
        letter=st.sampled_from([None, *((1, n) for n in range(1, 8))]),
        group=st.sampled_from(["", "spring"]),
        link=st.integers(0, 4),
        method=st.sampled_from(["GET", "HEAD"]),
        purpose=st.sampled_from(["", "prefetch"]),
    ),
    max_size=25,
)
KNOWN = st.dictionaries(
    st.tuples(st.just(1), st.integers(1, 8)),
    st.builds(
        Copy,
        person=st.sampled_from(["", "ann@a.test", "bob@b.test"]),
        domain=st.sampled_from(["", "a.test", "b.test"]),
        gateway=st.sampled_from(["", "cisco"]),
        delivered=st.sampled_from([0.0, START, START + 2]),
        links=st.integers(0, 4),
    ),
)


@given(HITS, KNOWN, st.randoms())
def test_order_says_nothing_and_asking_twice_changes_nothing(hits, known, random):
    found = classify(hits, known)
    places = list(range(len(hits)))
    random.shuffle(places)
    again = classify([hits[place] for place in places], known)
    assert [found[place] for place in places] == again


@given(HITS, KNOWN)
def test_every_verdict_gives_reasons_that_are_explained(hits, known):
    for verdict in classify(hits, known):
        assert {code(each) for each in verdict.reasons} <= REASONS.keys()
        assert verdict.reasons or verdict.agent == "human"


@given(st.text(), st.text(), st.text(max_size=400), st.floats(allow_nan=False, allow_infinity=False), st.integers())
def test_hostile_text_and_times_are_judged_as_any(visitor, method, agent, at, link):
    hit = Seen(
        at=at, kind="clicked", visitor=visitor, agent=agent, program=PROGRAMS.of(agent), letter=ANN, link=link,
        method=method, purpose=agent,
    )  # fmt: skip
    assert len(classify([hit, hit, hit], {ANN: GUARDED})) == 3


def test_a_flood_on_one_link_costs_what_it_is_long():
    def steps(count: int) -> int:
        """Return how many lines of Python ran: a clock would tell of the machine, too."""
        hits = [click(n / 1_000, n % 50, letter=(1, n % 7), visitor="192.0.2.1") for n in range(count)]
        lines = 0

        def trace(_frame, event, _argument):
            nonlocal lines
            lines += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            classify(hits, {})
        finally:
            sys.settrace(before)
        return lines

    assert steps(10_000) < 15 * steps(1_000)
