"""What is measured of whom: every combination of what tenant, stream, message and person say."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.relay.submission.test_gate import PLAIN, Desk, message

from estafette.base.errors import Refusal
from estafette.model.consent import ConsentAct
from estafette.model.domain import Domain
from estafette.model.envelope import Recipient
from estafette.model.stream import Stream, Tracking
from estafette.model.tenant import Tenant
from estafette.model.tracking import MODES, strictest
from estafette.relay.submission.labels import Labels
from estafette.relay.submission.measuring import ANSWERS, Answer, Measured, Measuring, decided
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import streams, tenants
from estafette.tenancy.office import Office
from estafette.tenancy.streams import Habits
from estafette.tracking.token import person_of

#: What is measured of one recipient of a message that can be counted, as the law of the house has it.
WANTED: dict[tuple[str, str], Tracking] = {
    ("off", "granted"): "off", ("off", "refused"): "off", ("off", ""): "off",
    ("aggregate", "granted"): "aggregate", ("aggregate", "refused"): "aggregate", ("aggregate", ""): "aggregate",
    ("consented", "granted"): "individual", ("consented", "refused"): "aggregate", ("consented", ""): "aggregate",
    ("individual", "granted"): "individual", ("individual", "refused"): "aggregate", ("individual", ""): "individual",
}  # fmt: skip
modes = st.sampled_from(MODES)


def measuring(
    tenant: Tracking, stream: Tracking, said: Labels, answers: dict[str, Answer], *, tracked: float = 0.0,
    hosts: bool = False,
) -> Measured:  # fmt: skip
    directory = SimpleNamespace(
        tenant=lambda _: Tenant(id="t", name="t", tracking=tenant),
        stream=lambda *_: Stream(tenant="t", name="s", kind="bulk", tracking=stream),
        domain=lambda *_: Domain(id="d", tenant="t", name="acme.test", tracked=tracked),
        consent=lambda _, address: answers[address],
    )
    recipients = [Recipient(each, "x.test") for each in answers]
    return Measuring(directory, hosts=hosts).decide("t", "s", said, "acme.test", recipients)


def one(
    tenant: Tracking, stream: Tracking, answer: Answer = "", *, address: str = "b@x.test", **said: object
) -> tuple[str, str]:
    made = measuring(tenant, stream, Labels(**said), {address: answer})
    return made.mode, made.of(address)


@pytest.mark.parametrize(("tenant", "stream", "said", "answer"), list(product(MODES, MODES, ("", *MODES), ANSWERS)))
def test_the_strictest_wins_and_a_person_has_the_last_word(
    tenant: Tracking, stream: Tracking, said: Tracking | Literal[""], answer: Answer
) -> None:
    mode = strictest(tenant, stream, said or "individual")
    assert one(tenant, stream, answer, tracking=said, campaign="c") == (mode, WANTED[mode, answer])


@pytest.mark.parametrize("group", [{"campaign": "c"}, {"template": "t@1"}, {"tags": ("x",)}])
def test_counting_needs_something_to_count_for(group: dict[str, object]) -> None:
    assert one("individual", "aggregate", **group) == ("aggregate", "aggregate")
    assert one("individual", "aggregate") == ("off", "off")
    assert one("individual", "consented", "granted") == ("consented", "individual")
    assert one("individual", "consented") == ("consented", "off")
    assert one("individual", "individual", "refused") == ("individual", "off")


@given(modes, modes, st.sampled_from(["", *MODES]), st.sampled_from(ANSWERS), modes, st.booleans())
def test_nobody_is_ever_measured_more_than_anybody_allows(
    tenant: Tracking, stream: Tracking, said: Tracking | Literal[""], answer: Answer, cap: Tracking, counted: bool
) -> None:
    mode, own = one(
        tenant, stream, answer, tracking=said, campaign="c" * counted, caps={"b@x.test": cap}, opens=True, clicks=True
    )
    assert own in {"off", "aggregate", "individual"}
    for each in (tenant, stream, said or "individual", cap, mode):
        assert strictest(own, each) == own or (own == "individual" and each == "consented" and answer == "granted")
    if answer == "refused":
        assert own != "individual"
    if not counted:
        assert own != "aggregate"


@given(modes, st.sampled_from(ANSWERS), modes)
def test_a_stricter_mode_never_measures_more(mode: Tracking, answer: Answer, other: Tracking) -> None:
    stricter, looser = sorted((mode, other), key=MODES.index)
    order = ("off", "aggregate", "individual")
    assert order.index(decided(stricter, answer, "aggregate")) <= order.index(decided(looser, answer, "aggregate"))


@pytest.mark.parametrize(
    ("opens", "clicks", "mode"),
    [(None, None, "individual"), (False, None, "individual"), (None, False, "individual"), (False, False, "off"),
     (True, True, "individual")],
)  # fmt: skip
def test_what_measures_nothing_is_off(opens: bool | None, clicks: bool | None, mode: str) -> None:
    assert one("individual", "individual", opens=opens, clicks=clicks) == (mode, mode)


def test_asking_for_opens_loosens_nothing() -> None:
    assert one("individual", "off", opens=True, clicks=True, campaign="c") == ("off", "off")
    assert one("aggregate", "individual", opens=True, campaign="c") == ("aggregate", "aggregate")


@pytest.mark.parametrize(
    ("hosts", "tracked", "url"), [(True, 5.0, "https://t.acme.test"), (True, 0.0, ""), (False, 5.0, "")]
)
def test_links_lead_to_the_tenants_own_name_once_it_was_seen(hosts: bool, tracked: float, url: str) -> None:
    made = measuring("individual", "individual", Labels(), {"b@x.test": ""}, tracked=tracked, hosts=hosts)
    assert made.url == url


@pytest.fixture
def desk(office: Office, directory: DirectorySnapshot) -> Desk:
    return Desk(office, directory)


def answer(desk: Desk, address: str, state: str, at: float = 1.0) -> None:
    tenant = desk.office.tenant("Acme").id
    act = ConsentAct(tenant=tenant, person=person_of(desk.office.keyring, tenant, address), state=state, at=at)
    desk.office.control.consents.record([act], {}, desk.office.entry("test", tenant=tenant))
    desk.directory.reload()


def pinned(desk: Desk, stream: Tracking, *fields: bytes, to: tuple[str, ...] = ("b@example.test",)) -> list[str]:
    streams.update(desk.office, "Acme", "bulk", Habits(tracking=stream))
    made = desk.finish(desk.login(stream="bulk"), message(b"From: a@acme.test", *fields), *to)
    return [made.content.tracking, *(row.tracking for row in made.deliveries)]


def test_a_message_is_pinned_with_what_each_of_its_recipients_said(desk: Desk) -> None:
    answer(desk, "yes@example.test", "granted")
    answer(desk, "No@Example.test", "denied")
    everybody = ("YES@example.test", "no@example.test", "who@example.test")
    campaign = b"X-Estafette-Campaign: spring"
    assert pinned(desk, "consented", campaign, to=everybody) == ["consented", "individual", "aggregate", "aggregate"]
    assert pinned(desk, "consented", to=everybody) == ["consented", "individual", "off", "off"]
    assert pinned(desk, "individual", campaign, to=everybody) == ["individual", "individual", "aggregate", "individual"]
    assert pinned(desk, "aggregate", campaign, to=everybody) == ["aggregate"] * 4
    assert pinned(desk, "off", campaign, to=everybody) == ["off"] * 4
    answer(desk, "yes@example.test", "withdrawn", at=2.0)
    assert pinned(desk, "consented", campaign, to=everybody[:1]) == ["consented", "aggregate"]


def test_a_tenant_measures_no_more_than_it_may(desk: Desk) -> None:
    tenants.update(desk.office, "Acme", tracking="aggregate")
    assert pinned(desk, "individual", b"X-Estafette-Tag: a") == ["aggregate", "aggregate"]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        (b"off", ["off", "off"]),
        (b"aggregate", ["aggregate", "aggregate"]),
        (b"Individual", ["individual", "individual"]),
        (b"individual, aggregate", ["aggregate", "aggregate"]),
        (b"no-opens, no-clicks", ["off", "off"]),
    ],
)
def test_a_message_may_ask_for_less(desk: Desk, field: bytes, wanted: list[str]) -> None:
    assert pinned(desk, "individual", b"X-Estafette-Tag: a", b"X-Estafette-Track: " + field) == wanted


def test_words_of_a_message_are_read_and_taken_out(desk: Desk) -> None:
    streams.update(desk.office, "Acme", "bulk", Habits(tracking="individual"))
    fields = (b"X-Estafette-Track: no-opens, text", b"X-Estafette-Link-Tags: utm_source=a&utm_medium=b")
    content = desk.finish(desk.login(stream="bulk"), message(b"From: a@acme.test", *fields)).content
    assert (content.opens, content.clicks, content.track_text) == (False, None, True)
    assert content.link_tags == "utm_source=a&utm_medium=b"
    assert b"estafette-track" not in content.body.lower()
    assert b"link-tags" not in content.body.lower()


@pytest.mark.parametrize("field", [b"X-Estafette-Track: sometimes", b"X-Estafette-Link-Tags: no query"])
def test_what_cannot_be_meant_is_refused(desk: Desk, field: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        desk.finish(desk.login(), message(b"From: a@acme.test", field))
    assert (caught.value.code, caught.value.enhanced) == (550, "5.6.0")


def test_our_no_outlives_a_foreign_yes(desk: Desk) -> None:
    anna = msgspec.structs.replace(desk.login(), headers="mailjet")
    content = desk.finish(
        anna, message(b"From: a@acme.test", b"X-Estafette-Track: no-opens", b"X-Mailjet-TrackOpen: 1")
    ).content
    assert content.opens is False


def test_a_person_to_person_letter_is_not_measured(desk: Desk) -> None:
    made = desk.finish(desk.login(stream="personal"), PLAIN)
    assert (made.content.tracking, made.deliveries[0].tracking) == ("off", "off")
