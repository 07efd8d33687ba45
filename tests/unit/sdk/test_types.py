"""What type checkers are told of the methods, which are made and not written."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import assert_type

from estafette.sdk import AsyncClient, Changed, Client, Email, Event, Message, Preview, Sent, Template
from estafette.sdk.client import AsyncEmails, AsyncEvents, AsyncTemplates, Emails, Events, Templates

MESSAGE = Message(from_="ann@acme.example", to="bob@y.example", text="hi")


def waited(client: Client) -> None:
    """Never run: checked by mypy."""
    assert_type(client.emails.send(MESSAGE, idempotency_key="k"), Sent)
    assert_type(client.emails.send_batch([MESSAGE]), tuple[Sent, ...])
    assert_type(client.emails.get("id"), Email)
    assert_type(client.emails.list(campaign="c"), Iterator[Email])
    assert_type(client.emails.content("id"), bytes)
    assert_type(client.emails.cancel("id"), Changed)
    assert_type(client.templates.publish("name", number=1), Template)
    assert_type(client.events.follow("7", kind="bounced"), Iterator[Event])
    client.emails.send("no message")  # type: ignore[arg-type]  # that is the point
    client.emails.cancel("id", soon=True)  # type: ignore[call-arg]  # that is the point


def awaited(client: AsyncClient) -> None:
    """Never run: checked by mypy."""
    assert_type(client.emails.send(MESSAGE), Awaitable[Sent])
    assert_type(client.emails.list(), AsyncIterator[Email])
    assert_type(client.templates.preview("name", data={}), Awaitable[Preview])
    assert_type(client.events.follow(), AsyncIterator[Event])


def methods(group: type) -> list[str]:
    return sorted(name for name in vars(group) if not name.startswith("_"))


def test_both_clients_have_the_same_methods_and_each_says_what_it_does() -> None:
    pairs: list[tuple[type, type]] = [(Emails, AsyncEmails), (Templates, AsyncTemplates), (Events, AsyncEvents)]
    for one, other in pairs:
        assert methods(one) == methods(other)
        for group in (one, other):
            assert all(vars(group)[name].__doc__ for name in methods(group))


def test_help_knows_the_parameters() -> None:
    with Client("http://relay.test", "key") as client:
        assert list(inspect.signature(client.emails.send).parameters) == ["message", "idempotency_key"]
        assert "safe on the service's disk" in (client.emails.send.__doc__ or "")
