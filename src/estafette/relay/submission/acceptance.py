"""Acceptance: one message, from the end of its data to the commit that makes it durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial

from estafette.mail.headers import Head
from estafette.model.credential import Identity
from estafette.model.envelope import Envelope
from estafette.model.message import Submission
from estafette.relay.submission import families
from estafette.relay.submission.client import ClientInfo, GateLike, settled
from estafette.relay.submission.desk import Desk
from estafette.relay.submission.labels import Labels
from estafette.relay.submission.mail_templates import FAMILY, MailTemplates, demanding
from estafette.relay.submission.repetition import Repetition, digest_of
from estafette.relay.submission.streamed import StreamedBody
from estafette.store.interface.spool import ContentWriter


class Acceptance:
    """Of one login's message. message: the id that the reply names; an earlier one when this is its repetition."""

    __slots__ = ("_client", "_desk", "_envelope", "_gate", "_identity", "message")

    def __init__(self, desk: Desk, gate: GateLike, identity: Identity, envelope: Envelope, client: ClientInfo) -> None:
        self._desk = desk
        self._gate = gate
        self._identity = identity
        self._envelope = envelope
        self._client = client
        self.message = client.message

    def take(self, body: bytes) -> Awaitable[None]:
        """Return what ends once a message is durable. Refusal, at once or later; StoreFault."""
        templates = self._desk.templates
        if self._identity.headers == FAMILY and templates is not None and demanding(Head.parse(body)):
            return self._written(templates, body)
        if self._gate.lacking(self._identity, len(self._envelope.recipients)) is None:
            return self._keep(body)
        return self._keep_settled(body)

    async def take_large(self, body: StreamedBody) -> None:
        """Return once a message that was streamed to disk is durable. Refusal, StoreFault, OSError."""
        await body.make_safe()
        family = self._identity.headers
        said = families.read(family, Head.parse(body.head()), Labels()) if family else Labels()
        async with self._desk.large, self._claimed(said):
            await self._keep_large(body)

    def _keep(self, body: bytes, said: Labels | None = None) -> Awaitable[None]:
        desk = self._desk
        submission = self._gate.finish(self._identity, self._envelope, body, self._client, said)
        if submission.key and desk.repetition is not None:
            digest = digest_of([body, self._envelope])
            return self._once(desk.repetition, submission, digest, desk.spool.accept)
        return desk.spool.accept(submission)

    async def _keep_settled(self, body: bytes) -> None:
        await settled(self._gate, self._identity, len(self._envelope.recipients))
        await self._keep(body)

    async def _written(self, templates: MailTemplates, body: bytes) -> None:
        """Accept a message that asks for more than the gate does."""
        body, said = await templates.written(self._identity.tenant, body, self._client.message)
        await settled(self._gate, self._identity, len(self._envelope.recipients))
        async with self._claimed(said):
            await self._keep(body, said)

    def _claimed(self, said: Labels) -> AbstractAsyncContextManager[None]:
        """Return what holds the places of a campaign that nobody is to get twice."""
        if not said.once or self._desk.reach is None:
            return nullcontext()
        addresses = [recipient.address for recipient in self._envelope.recipients]
        return self._desk.reach.claim(self._identity.tenant, said.campaign, addresses)

    async def _once(
        self,
        repetition: Repetition,
        submission: Submission,
        digest: bytes,
        accept: Callable[[Submission], Awaitable[None]],
    ) -> None:
        self.message = await repetition.once(submission, digest, accept)

    async def _keep_large(self, body: StreamedBody) -> None:
        desk, head = self._desk, body.head()
        writer = await desk.spool.content_writer(self._client.message)
        try:
            await settled(self._gate, self._identity, len(self._envelope.recipients))
            mended, submission = self._gate.finish_streamed(
                self._identity, self._envelope, head, writer.name, body.size - len(head), body.eight_bit, self._client
            )
            copy = partial(self._copy, writer, mended, len(head), body)
            if submission.key and desk.repetition is not None:
                await self._once(desk.repetition, submission, digest_of([head, body.size, self._envelope]), copy)
                if self.message != submission.content.id:
                    await writer.discard()
            else:
                await copy(submission)
        except BaseException:
            await writer.discard()
            raise

    async def _copy(
        self, writer: ContentWriter, mended: bytes, skip: int, body: StreamedBody, submission: Submission
    ) -> None:
        writer.write(mended)
        await body.copy(skip, writer)
        await writer.close()
        await self._desk.spool.accept(submission)
