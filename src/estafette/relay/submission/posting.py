"""The post: letters from applications, through the gate, into the spool; every dialect of HTTP hands them in here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from estafette.base import ids
from estafette.base.clock import Clock
from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.config.schema import Limits
from estafette.model import recipe
from estafette.model.credential import Identity
from estafette.model.envelope import Envelope, Recipient
from estafette.model.letter import Letter
from estafette.model.message import Submission
from estafette.model.placement import Placed, Result, Status, Trouble
from estafette.relay.submission.client import ClientInfo, GateLike, settled
from estafette.relay.submission.desk import SpoolLike
from estafette.relay.submission.examination import Examined, Place, examine, trouble_of
from estafette.relay.submission.fetching import Basket, Fetcher
from estafette.relay.submission.keeping import keep
from estafette.relay.submission.reach import Reach
from estafette.relay.submission.rejections import Rejections
from estafette.relay.submission.repetition import Repetition, digest_of
from estafette.relay.submission.stationery import Stationery
from estafette.relay.submission.writing import Written, write
from estafette.relay.submission.wrong import Wrong, of_refusal, wrong

#: Letters of a batch that are prepared at one go: about a millisecond.
_TURN = 4
#: Octets of a letter above which it is written in a thread.
HEAVY = 256 * 1024


class Ready(msgspec.Struct, frozen=True):
    """A letter that passed the gate and is not yet kept. result: its answer, once it is.

    claimed: whose places in its campaign it holds.
    """

    submission: Submission
    result: Result
    claimed: tuple[str, ...] = ()


class _Counter(msgspec.Struct, frozen=True):
    """Who hands letters in, from where, whether whole or not at all, and the files that were fetched for them."""

    identity: Identity
    client: str
    whole: bool
    basket: Basket


class Posting:
    """One process's counter for letters. hostname: names us in Received."""

    def __init__(
        self,
        *,
        gate: GateLike,
        spool: SpoolLike,
        mint: Mint,
        clock: Clock,
        limits: Limits,
        hostname: str,
        repetition: Repetition,
        fetcher: Fetcher,
        stationery: Stationery,
        reach: Reach,
        rejections: Rejections | None = None,
    ) -> None:
        self._gate = gate
        self._spool = spool
        self._mint = mint
        self._clock = clock
        self._limits = limits
        self._hostname = hostname
        self._repetition = repetition
        self._fetcher = fetcher
        self._stationery = stationery
        self._reach = reach
        self._rejections = rejections

    async def post(
        self,
        identity: Identity,
        letters: Sequence[Letter],
        *,
        client: str,
        key: str = "",
        all_or_nothing: bool = False,
    ) -> list[Result]:
        """Take letters, one result for each in order; when this returns, what was taken is durable.

        client: the IP address that asks. key: of idempotency, "" for none. all_or_nothing: nothing is taken when one
        letter, or one of its recipients, is refused; the others then say ``not_taken``.
        StoreFault when nothing can be kept; Wrong 409 when the key belongs to another request.
        """
        self._check_health()
        counter = _Counter(identity, client, all_or_nothing, Basket(self._fetcher, self._limits.message_size))
        if not key:
            ready = await self._ready(counter, enumerate(letters))
            await self._commit(ready)
            return _results(ready)
        async with self._repetition.alone(identity.credential, key):
            return await self._once(counter, letters, key)

    async def _once(self, counter: _Counter, letters: Sequence[Letter], key: str) -> list[Result]:
        """Take letters unless the key says that they were taken."""
        credential, digest = counter.identity.credential, digest_of([list(letters), counter.whole])
        before = await self._repetition.before(credential, key, digest)
        if before is None:
            ready = await self._ready(counter, enumerate(letters))
            results = _results(ready)
            if any(result.id for result in results):
                before = await self._repetition.keep(credential, key, digest, results)
            if before is None:
                await self._commit(ready)
                return results
        lost = [result.index for result in before if result.status in {"queued", "scheduled"} and not result.id]
        if lost:
            ready = await self._ready(counter, [(index, letters[index]) for index in lost])
            renewed = {result.index: result for result in _results(ready)}
            before = [renewed.get(result.index, result) for result in before]
            await self._repetition.replace(credential, key, digest, before)
            await self._commit(ready)
        return before

    async def _ready(self, counter: _Counter, letters: Iterable[tuple[int, Letter]]) -> list[Ready | Result]:
        """Have every letter pass the gate; nothing is kept yet."""
        ready = []
        for index, letter in letters:
            ready.append(await self._prepare(index, counter, letter))
            if not index % _TURN:
                await asyncio.sleep(0)  # a batch is long: others have their turn between its letters
        if counter.whole and any(_incomplete(item) for item in ready):
            self._give_back(ready)
            return [_not_taken(item) for item in ready]
        return ready

    async def _commit(self, ready: Sequence[Ready | Result]) -> None:
        kept = [item.submission for item in ready if isinstance(item, Ready) and item.result.status != "sandboxed"]
        try:
            await keep(self._spool, kept)
        except BaseException:
            self._give_back(ready)
            raise

    def _give_back(self, ready: Iterable[Ready | Result]) -> None:
        """Let campaigns go to whom these would have reached."""
        for item in ready:
            if isinstance(item, Ready) and item.claimed:
                content = item.submission.content
                self._reach.forget(content.tenant, content.campaign, item.claimed)

    def _check_health(self) -> None:
        health = self._spool.health()
        if not health.accepting:
            raise Refusal(452, "4.3.1", health.why, rule="not_accepting", retry_after=60)

    async def _prepare(self, index: int, counter: _Counter, letter: Letter) -> Ready | Result:
        try:
            return await self._pass(index, counter, letter)
        except Wrong as error:
            return Result(index=index, status="refused", trouble=error.trouble)
        except Refusal as refusal:
            return Result(index=index, status="refused", trouble=of_refusal(refusal))

    async def _pass(self, index: int, counter: _Counter, letter: Letter) -> Ready | Result:
        identity = counter.identity
        letter = await self._stationery.filled(identity.tenant, letter)
        examined = examine(letter, self._limits, self._clock.now())
        if letter.stream and letter.stream != identity.stream:
            identity = self._gate.on_stream(identity, letter.stream)
        if identity.kind == "personal" and len(letter.people) > 1:
            fix = "name a transactional or bulk stream"
            raise wrong("personal_stream", "the personal stream has one letter for all", fix, "recipients")
        self._gate.check_sender(identity, examined.sender)
        places, refused = self._admitted(identity, examined, counter.client)
        if letter.once and places:
            return await self._reaching(index, counter, identity, examined, places, refused)
        return await self._compose(index, counter, identity, examined, places, refused)

    async def _reaching(
        self, index: int, counter: _Counter, identity: Identity, examined: Examined, places: Sequence[Place],
        refused: Sequence[Placed],
    ) -> Ready | Result:  # fmt: skip
        """Compose a letter for those alone whom its campaign has not reached, and hold their places meanwhile."""
        letter, tenant = examined.letter, identity.tenant
        if not letter.campaign:
            raise wrong("deduplicate_without_campaign", "needs a campaign", "name the campaign", "campaign")
        asked = [place.address.text for place in places]
        known = await (self._reach.known if letter.sandbox else self._reach.take)(tenant, letter.campaign, asked)
        twice = [Placed(0, each.address.text, _twice(each.field)) for each in places if each.address.text in known]
        new = [each for each in places if each.address.text not in known]
        held: set[str] = set()
        try:
            made = await self._compose(index, counter, identity, examined, new, (*refused, *twice))
            if isinstance(made, Ready) and not letter.sandbox:
                held = {row.address for row in made.submission.deliveries}
                made = msgspec.structs.replace(made, claimed=tuple(held))
        finally:
            if not letter.sandbox:
                self._reach.forget(tenant, letter.campaign, {*asked} - known - held)
        return made

    async def _compose(
        self, index: int, counter: _Counter, identity: Identity, examined: Examined, places: Sequence[Place],
        refused: Sequence[Placed],
    ) -> Ready | Result:  # fmt: skip
        """Write a letter for the recipients that remain, and have the gate take it."""
        letter, refused = examined.letter, tuple(refused)
        if not places:
            return Result(index=index, status="refused", recipients=refused, trouble=trouble_of(refused))
        examined = msgspec.structs.replace(examined, letter=await counter.basket.filled(letter))
        number = self._mint.next()
        date = max(self._clock.now(), letter.scheduled_at)
        written = await self._written(examined, places, date, number)
        if written.refused:
            left = [(places[each].address.text, trouble) for each, trouble in written.refused.items()]
            refused = (*refused, *(Placed(0, address, trouble) for address, trouble in left))
            places = [place for each, place in enumerate(places) if each not in written.refused]
        await settled(self._gate, identity, len(places))
        submission = self._finish(identity, examined, places, written, number, counter.client)
        placed = (*(Placed(row.number, row.address) for row in submission.deliveries), *refused)
        status: Status = "sandboxed" if letter.sandbox else "scheduled" if examined.labels.due else "queued"
        shown = 0 if letter.sandbox else number
        return Ready(submission, Result(index=index, status=status, id=shown, recipients=placed))

    def _admitted(
        self, identity: Identity, examined: Examined, client: str
    ) -> tuple[list[Place], tuple[Placed, ...]]:  # fmt: skip
        """Ask the gate for each recipient; one that it refuses does not take the others with it."""
        places, refused = [], list(examined.refused)
        for place in examined.places:
            try:
                self._gate.check_recipient(identity, place.address, topic=examined.letter.topic)
            except Refusal as refusal:
                refused.append(Placed(0, place.address.text, of_refusal(refusal, place.field)))
                if self._rejections is not None and not examined.letter.sandbox:
                    self._rejections.note(self._mint, identity, place.address.text, refusal, client)
            else:
                places.append(place)
        return places, tuple(refused)

    async def _written(self, examined: Examined, places: Sequence[Place], date: float, number: int) -> Written:
        letter = examined.letter
        weight = len(letter.raw) + len(letter.html) + sum(len(file.content) for file in letter.attachments)
        if weight > self._limits.message_size:
            raise _too_large(self._limits.message_size)
        if weight * (len(letter.people) or 1) <= HEAVY:
            return write(examined, places, date, ids.show(number))
        return await asyncio.to_thread(write, examined, places, date, ids.show(number))

    def _finish(
        self,
        identity: Identity,
        examined: Examined,
        places: Sequence[Place],
        written: Written,
        number: int,
        client: str,
    ) -> Submission:
        body = written.body
        if len(body) > self._limits.message_size:
            raise _too_large(self._limits.message_size)
        international = not (examined.sender.is_ascii and all(place.address.is_ascii for place in places))
        envelope = Envelope(
            sender=examined.sender.text,
            recipients=tuple(Recipient(place.address.text, place.address.domain) for place in places),
            body="7BIT" if body.isascii() else "8BITMIME",
            smtputf8=international or _international(examined.letter),
        )
        info = ClientInfo(
            address=client,
            protocol="HTTP",
            hostname=self._hostname,
            message=number,
            clean=not examined.letter.raw,
        )
        labels = None if examined.letter.raw and not _labelled(examined) else examined.labels
        submission = self._gate.finish(identity, envelope, body, info, labels, trial=examined.letter.sandbox)
        if written.recipe is None:
            return submission
        content = submission.content
        prefix = content.body[: len(content.body) - len(body)]
        packed = recipe.pack(msgspec.structs.replace(written.recipe, prefix=prefix))
        return msgspec.structs.replace(submission, content=msgspec.structs.replace(content, body=packed, late=True))


def _twice(field: str) -> Trouble:
    detail = f"{field}: has got this campaign already"
    return Trouble(status=422, code="duplicate_in_campaign", detail=detail, fix="send it without", field=field)


def _results(ready: Iterable[Ready | Result]) -> list[Result]:
    return [item.result if isinstance(item, Ready) else item for item in ready]


def _labelled(examined: Examined) -> bool:
    """Whether a request says anything that a whole message would say in its X-Estafette fields."""
    labels = examined.labels
    measured = labels.tracking or labels.link_tags or {labels.opens, labels.clicks} != {None}
    named = labels.campaign or labels.topic or labels.tags or labels.metadata
    return bool(measured or named or labels.due or labels.lasting)


def _international(letter: Letter) -> bool:
    """Whether a visible address needs SMTPUTF8, whoever the message goes to."""
    return not all(
        mailbox.address.partition("@")[0].isascii() for mailbox in (*letter.to, *letter.cc, *letter.reply_to)
    )


def _too_large(most: int) -> Wrong:
    return wrong("message_too_large", f"at most {most} octets", "send less", status=413)


def _incomplete(item: Ready | Result) -> bool:
    result = item.result if isinstance(item, Ready) else item
    return result.trouble is not None or any(place.trouble for place in result.recipients)


def _not_taken(item: Ready | Result) -> Result:
    """Return the answer for a letter of a request that is taken whole or not at all."""
    if isinstance(item, Result):
        return item
    first = next((place.trouble for place in item.result.recipients if place.trouble is not None), None)
    fix = "correct what is refused, or send without all_or_nothing"
    other = Trouble(status=422, code="not_taken", detail="something else in the request is refused", fix=fix)
    return msgspec.structs.replace(item.result, status="refused", id=0, trouble=first or other)
