"""The dispatcher is killed anywhere, again and again: nothing is skipped, and what comes twice has the same id."""

import random

import pytest
from aiohttp import web

from estafette.base import ids
from estafette.webhooks import dispatcher as module
from estafette.webhooks import stock, teller


class Killed(BaseException):
    """What no handler catches."""


class Mortal:
    """The tables, whose user dies before or after some settlement."""

    def __init__(self, real, chance):
        self._real, self._chance = real, chance

    def __getattr__(self, name):
        return getattr(self._real, name)

    def settle(self, settlement):
        fate = self._chance.random()
        if fate < 0.2:
            raise Killed
        self._real.settle(settlement)
        if fate < 0.4:
            raise Killed


async def outlive(yard, chance, until):
    """Turn until something is so, with a new dispatcher after every death."""
    dispatcher = None
    while not until():
        dispatcher = dispatcher or yard.dispatcher(
            webhooks=Mortal(yard.control.webhooks, chance), rules={"waits": [0.0] * 50}
        )
        try:
            await dispatcher.turn()
        except Killed:
            yard.forget(dispatcher)
            dispatcher = None
    if dispatcher is not None:
        yard.forget(dispatcher)


@pytest.mark.parametrize("seed", range(2))
async def test_nothing_is_skipped_and_every_message_keeps_its_order(yard, seed, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 7)
    monkeypatch.setattr(teller, "MOST_PENDING", 5)
    monkeypatch.setattr(stock, "COUNT_EVERY", 0.0)
    chance = random.Random(seed)
    yard.webhook()
    quiet = yard.dispatcher()
    await quiet.turn()
    yard.forget(quiet)
    yard.receiver.answer = lambda _call: web.Response(status=chance.choice((200, 200, 500)))
    messages = [yard.mint.next() for _ in range(8)]
    made = []
    for _ in range(2):
        made += await yard.happened(chance.choice(("deferred", "opened")), message=chance.choice(messages))
    wanted = {f"evt_{ids.show(each.id)}" for each in made}
    accepted = []
    yard.receiver.note = lambda call, status: accepted.append(call.id) if status == 200 else None
    await outlive(yard, chance, lambda: wanted <= set(accepted))
    for message in messages:
        mine = [f"evt_{ids.show(each.id)}" for each in made if each.message == message]
        firsts = list(dict.fromkeys(each for each in accepted if each in mine))
        assert firsts == mine
    assert set(accepted) == wanted
    await outlive(yard, chance, lambda: not yard.control.webhooks.backlogs())
