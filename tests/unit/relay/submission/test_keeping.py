"""How letters are handed to the spool: together as far as it takes them in one go, large ones by a file."""

import pytest
from tests.contract.kit import submission

from estafette.base.errors import StoreUnavailable
from estafette.relay.submission.keeping import BUNDLE_OCTETS, BUNDLE_ROWS, keep
from estafette.store.interface.spool import INLINE_LIMIT


class Writer:
    name = "f1"

    def __init__(self, spool):
        self.spool, self.octets = spool, b""

    def write(self, piece):
        self.octets += piece

    async def close(self):
        self.spool.files.append(self.octets)

    async def discard(self):
        self.spool.files.remove(self.octets)


class Spool:
    def __init__(self, failing=False):
        self.calls, self.files, self.failing = [], [], failing

    async def accept(self, given):
        await self.accept_many([given])

    async def accept_many(self, given):
        if self.failing:
            raise StoreUnavailable("closed")
        self.calls.append(given)

    async def content_writer(self, _message):
        return Writer(self)


async def test_a_batch_is_one_call_and_keeps_its_order():
    spool, many = Spool(), [submission() for _ in range(100)]
    await keep(spool, many)
    assert spool.calls == [many]


async def test_nothing_is_asked_for_nothing():
    spool = Spool()
    await keep(spool, [])
    assert spool.calls == []


@pytest.mark.parametrize(
    "many",
    [
        [submission() for _ in range(BUNDLE_ROWS * 2 + 1)],
        [submission(body=b"x" * (BUNDLE_OCTETS // 5)) for _ in range(13)],
        [submission(*(f"u{number}@example.com" for number in range(100))) for _ in range(3)],
    ],
)
async def test_what_is_more_than_one_go_is_told_in_several(many):
    spool = Spool()
    await keep(spool, many)
    assert [each for call in spool.calls for each in call] == many
    assert len(spool.calls) == 3
    for call in spool.calls:
        assert len(call) == 1 or sum(len(each.deliveries) for each in call) <= BUNDLE_ROWS
        assert sum(len(each.content.body) for each in call) <= BUNDLE_OCTETS


async def test_a_large_one_among_them_goes_to_a_file():
    spool, large = Spool(), submission(body=b"x" * (INLINE_LIMIT + 1))
    small = [submission() for _ in range(2)]
    await keep(spool, [small[0], large, small[1]])
    assert small in spool.calls
    (kept,) = next(call for call in spool.calls if call != small)
    assert (kept.content.id, kept.content.body, kept.content.file) == (large.content.id, b"", "f1")
    assert spool.files == [large.content.body]


async def test_a_store_that_fails_is_told_and_leaves_no_file():
    spool = Spool(failing=True)
    with pytest.raises(StoreUnavailable):
        await keep(spool, [submission(body=b"x" * (INLINE_LIMIT + 1)), submission(), submission()])
    assert spool.files == []
