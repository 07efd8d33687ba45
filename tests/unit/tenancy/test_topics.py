"""Topics of a stream: named by a tenant, left and rejoined by recipients, found by the hot path."""

from __future__ import annotations

import pytest

from estafette.base.errors import Fault
from estafette.model.topic import scope, split
from estafette.store.interface.records import AlreadyThere, unnamed
from estafette.store.tables.directory import DirectorySnapshot
from estafette.tenancy import streams, suppressions, tenants, topics
from estafette.tenancy.office import NotFound, Office
from estafette.tracking.token import person_of

ANN = "ann@example.net"


@pytest.fixture
def acme(office: Office) -> str:
    return str(tenants.create(office, "Acme")["id"])


def made(office: Office, name: str = "offers", **more: str) -> dict:
    return topics.create(office, "Acme", "bulk", name, **({"title": "Weekly offers", "french": "Offres"} | more))


def test_a_topic_is_made_read_changed_and_removed(office: Office, directory: DirectorySnapshot, acme: str) -> None:
    first = made(office)
    made(office, "news", title="News")
    assert (first["tenant"], first["stream"], first["name"], first["french"]) == (acme, "bulk", "offers", "Offres")
    with pytest.raises(AlreadyThere):
        made(office)
    directory.reload()
    assert [each.name for each in directory.topics(acme, "bulk")] == ["news", "offers"]
    assert directory.topics(acme, "transactional") == ()
    topics.update(office, "Acme", "bulk", "offers", title="Offers of the week")
    directory.reload()
    assert {each.title for each in directory.topics(acme, "bulk")} == {"Offers of the week", "News"}
    topics.remove(office, "Acme", "bulk", "offers")
    directory.reload()
    assert [each.name for each in directory.topics(acme, "bulk")] == ["news"]
    with pytest.raises(NotFound):
        topics.show(office, "Acme", "bulk", "offers")


@pytest.mark.parametrize(
    ("stream", "name", "title", "error"),
    [
        ("personal", "offers", "x", Fault),
        ("nowhere", "offers", "x", NotFound),
        ("bulk", "Off/ers", "x", Fault),
        ("bulk", "", "x", Fault),
        ("bulk", "o" * 49, "x", Fault),
        ("bulk", "offers", " ", Fault),
        ("bulk", "offers", "x" * 121, Fault),
        ("bulk", "offers", "a\nb", Fault),
    ],
)
def test_what_is_no_topic_is_refused_with_a_reason(office: Office, acme: str, stream, name, title, error) -> None:
    with pytest.raises(error) as refused:
        topics.create(office, acme, stream, name, title=title)
    assert refused.value.fix


def test_a_long_stream_leaves_little_room_for_a_name(office: Office, acme: str) -> None:
    long = "s" * 60
    streams.create(office, acme, long, "bulk")
    with pytest.raises(Fault, match="too long"):
        topics.create(office, acme, long, "offers", title="x")
    assert topics.create(office, acme, long, "abc", title="x")["name"] == "abc"


def test_who_leaves_a_topic_gets_the_rest(office: Office, directory: DirectorySnapshot, acme: str) -> None:
    made(office)
    made(office, "news")
    suppressions.add(office, acme, ANN, stream=scope("bulk", "offers"), reason=topics.LEFT)
    directory.reload()
    assert directory.suppressed(acme, "bulk", ANN, "offers") == "unsubscribed"
    for topic in ("", "news"):
        assert directory.suppressed(acme, "bulk", ANN, topic) == ""
    assert directory.suppressed(acme, "transactional", ANN, "offers") == ""
    suppressions.add(office, acme, ANN, stream="bulk", reason="bounced")
    directory.reload()
    assert directory.suppressed(acme, "bulk", ANN, "news") == "bounced"


def test_a_stream_that_stops_the_tenant_does_so_by_itself_alone(
    office: Office, directory: DirectorySnapshot, acme: str
) -> None:
    made(office)
    streams.update(office, acme, "bulk", streams.Habits(suppression="tenant"))
    suppressions.add(office, acme, ANN, stream=scope("bulk", "offers"), reason=topics.LEFT)
    directory.reload()
    assert directory.suppressed(acme, "transactional", ANN) == ""


@pytest.mark.parametrize("known", [True, False], ids=["address", "hash"])
def test_one_rejoins_what_one_left_oneself_and_nothing_else(
    office: Office, directory: DirectorySnapshot, acme: str, known: bool
) -> None:
    made(office)
    made(office, "news")
    person = person_of(office.keyring, acme, ANN)
    keys = topics.keys_of(office, acme, person, ANN)
    assert keys == (ANN, unnamed(person))
    for topic, reason in (("offers", topics.LEFT), ("news", "complained"), ("", topics.LEFT)):
        if known:
            suppressions.add(office, acme, ANN, stream=scope("bulk", topic), reason=reason)
        else:
            suppressions.add_person(office, acme, person, stream=scope("bulk", topic), reason=reason)
    assert topics.left(office, acme, "bulk", keys) == {"offers", ""}
    assert [topics.rejoin(office, acme, "bulk", topic, keys) for topic in ("offers", "news", "")] == [1, 0, 1]
    directory.reload()
    assert directory.suppressed(acme, "bulk", ANN, "offers") == ""
    assert directory.suppressed(acme, "bulk", ANN, "news") == "complained"


def test_who_left_a_topic_stays_away_from_one_of_the_same_name(
    office: Office, directory: DirectorySnapshot, acme: str
) -> None:
    made(office)
    suppressions.add(office, acme, ANN, stream="bulk/offers", reason=topics.LEFT)
    topics.remove(office, acme, "bulk", "offers")
    made(office)
    directory.reload()
    assert directory.suppressed(acme, "bulk", ANN, "offers") == "unsubscribed"


def test_a_stream_goes_with_its_topics(office: Office, directory: DirectorySnapshot, acme: str) -> None:
    streams.create(office, acme, "letters", "bulk")
    topics.create(office, acme, "letters", "offers", title="x")
    streams.remove(office, acme, "letters")
    directory.reload()
    assert list(directory.topics(acme, "letters")) == []
    assert topics.list_all(office, acme)["items"] == []


def test_a_scope_is_read_back() -> None:
    assert [split(scope("bulk", topic)) for topic in ("", "news")] == [("bulk", ""), ("bulk", "news")]
