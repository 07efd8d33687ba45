"""What the API tells of events is enough to tell them on."""

from hypothesis import given
from hypothesis import strategies as st

from estafette.cli.webhook_listen import read
from estafette.model.event import EVENT_KINDS, Event, Reply
from estafette.model.tracking import AGENTS, Hit
from estafette.web import shapes
from estafette.webhooks import standard
from estafette.webhooks.form import Origin

NUMBERS = st.integers(1, (1 << 63) - 1)
TEXT = st.text(max_size=20)
EVENTS = st.builds(
    Event, id=NUMBERS, at=st.integers(1_700_000_000, 1_900_000_000).map(float), kind=st.sampled_from(sorted(EVENT_KINDS)),
    tenant=TEXT, stream=TEXT, message=NUMBERS, number=st.integers(0, 99), recipient=TEXT, campaign=TEXT,
    attempt=st.integers(0, 9), reply=st.none() | st.builds(Reply, st.integers(200, 599), TEXT, TEXT), site=TEXT,
    reason=TEXT, credential=TEXT, tags=st.lists(TEXT, max_size=3).map(tuple), template=TEXT,
    metadata=st.dictionaries(TEXT, TEXT, max_size=3), count=st.integers(1, 9),
    hit=st.none() | st.builds(Hit, st.sampled_from(AGENTS), st.just(("burst",)), url=TEXT, first=st.booleans()),
)  # fmt: skip


@given(EVENTS)
def test_an_event_goes_through_the_api_and_is_told_alike(event):
    again = read(shapes.event(event))
    assert standard.write(again, Origin()) == standard.write(event, Origin())
