from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from estafette.model.event import Event
from estafette.model.tracking import AGENTS, Hit
from estafette.reporting.measures import additions
from estafette.reporting.waterfall import waterfall


def counted(kind, hits):
    """Return the measures of some hits, as the counters have them."""
    counts = {}
    for number, (agent, mode, first) in enumerate(hits):
        hit = Hit(agent=agent, mode=mode, first=first)
        for measure, amount in additions(Event(number, 1.0, kind, "t", "s", 1, hit=hit)):
            counts[measure] = counts.get(measure, 0) + amount
    return counts


def test_raw_falls_to_people_step_by_step():
    hits = [("proxy_prefetch", "individual", False)] * 5 + [("scanner", "individual", False)] * 3
    hits += [("unknown", "individual", False)] + [("image_proxy", "individual", True)] * 2
    fall = waterfall("opened", counted("opened", [*hits, ("human", "aggregate", False)]) | {"delivered": 300})
    assert [(step.name, step.taken, step.left) for step in fall.steps] == [
        ("proxy_prefetch", 5, 7), ("scanner", 3, 4), ("preview", 0, 4), ("unknown", 1, 3),
    ]  # fmt: skip
    assert (fall.raw, fall.people, fall.proxied, fall.aggregate) == (12, 3, 2, 1)
    assert (fall.unique.numerator, fall.unique.denominator) == (2, 300)
    assert fall.each.numerator == 3


def test_an_image_proxy_clicks_for_nobody():
    fall = waterfall("clicked", counted("clicked", [("image_proxy", "individual", False)]))
    assert (fall.people, fall.proxied) == (0, 0)


@given(
    st.sampled_from(["opened", "clicked"]),
    st.lists(st.tuples(st.sampled_from(AGENTS), st.sampled_from(["individual", "aggregate"]), st.booleans())),
)
def test_nothing_is_lost_on_the_way(kind, hits):
    fall = waterfall(kind, counted(kind, hits))
    people = {"human", "image_proxy"} if kind == "opened" else {"human"}
    assert fall.people == sum(agent in people for agent, _, _ in hits)
    assert fall.raw == fall.people + sum(step.taken for step in fall.steps)
