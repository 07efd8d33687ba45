"""The gate: the one place that says yes. Credential, sender, recipients, quota, then the message itself."""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec

from estafette.base import ids
from estafette.base.clock import Clock
from estafette.base.errors import Refusal
from estafette.base.ids import Mint
from estafette.config.schema import Delivery, Limits, Retention
from estafette.mail.fixups import prepare_submission, safe_lines
from estafette.mail.headers import Head
from estafette.mail.received import received
from estafette.model.address import Address
from estafette.model.credential import Allowance, Identity
from estafette.model.envelope import Envelope
from estafette.model.message import Submission
from estafette.model.stream import PRIORITY_OF
from estafette.relay.submission import families, hours, labels, terms
from estafette.relay.submission.allowances import Allowances
from estafette.relay.submission.authors import Authors, not_allowed, refuse_disguise
from estafette.relay.submission.client import ClientInfo
from estafette.relay.submission.intake import Intake, Passed
from estafette.relay.submission.measuring import Measuring
from estafette.store.interface.directory import Directory
from estafette.tenancy.quota import Quota, Terms

#: Mail that passed this many servers goes in circles (RFC 5321 section 6.3 wants a bound that is not small).
MOST_HOPS = 50
_QUOTA_RETRY = 60.0


class Gate:
    """``GateLike`` over the directory's snapshot: nothing here waits.

    hostname: names us in Received. return_path: our own domain for bounces, to which nobody submits.
    quota: what accounts may send, None for no limits. bulk_checked: bulk mail needs identity, address and DKIM, and
    a way to unsubscribe. no_leaving: the setting for want of which we can offer none, "" when we can.
    hosts: measured links may lead to a tenant's own name.
    """

    def __init__(
        self,
        *,
        directory: Directory,
        limits: Limits,
        retention: Retention,
        delivery: Delivery,
        clock: Clock,
        mint: Mint,
        hostname: str,
        return_path: str = "",
        allowances: Allowances | None = None,
        quota: Quota | None = None,
        bulk_checked: bool = False,
        no_leaving: str = "",
        hosts: bool = False,
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._clock = clock
        self._mint = mint
        self._hostname = hostname
        self._return_path = return_path.lower()
        self._authors = Authors(directory)
        self._allowances = allowances or Allowances()
        self._quota = quota
        self._bulk_checked = bulk_checked
        self._no_leaving = no_leaving
        self._measuring = Measuring(directory, hosts=hosts)
        self._intake = Intake(retention, delivery, mint)

    def authenticate(self, username: str, password: bytes, client: str) -> Identity:
        """See ``GateLike``. An unknown name and a wrong password cost and sound the same (RFC 4954, 6)."""
        identity = self._directory.by_password(username, password)
        if identity is None:
            raise Refusal(
                535,
                "5.7.8",
                "authentication credentials invalid",
                rule="auth_failed",
                cause=f"user {username[:255]!r} from {client}",
            )
        if identity.expires is not None or identity.only_from:
            self._admit(identity, client)
        return identity

    def _admit(self, identity: Identity, client: str) -> None:
        """Refuse a right password at a wrong time or place; it sounds as a wrong one does."""
        expired = identity.expires is not None and identity.expires <= self._clock.now()
        if expired or not identity.admits(client):
            rule = "auth_expired" if expired else "auth_network"
            cause = f"user {identity.username!r} from {client}"
            raise Refusal(535, "5.7.8", "authentication credentials invalid", rule=rule, cause=cause)

    def by_network(self, client: str) -> Identity | None:
        """See ``GateLike``."""
        return self._directory.by_network(client)

    def check_sender(self, identity: Identity, sender: Address | None) -> None:
        """See ``GateLike``. Only our own notices, through the local socket, bear the null sender."""
        self._check_standing(identity)
        if sender is None:
            if identity.via != "socket":
                raise _no("null_sender", "the null sender is for reports between mail servers, not for submission")
        elif not self._directory.may_send_as(identity, sender.domain, sender.key):
            raise not_allowed(sender.text)

    def check_recipient(self, identity: Identity, recipient: Address, before: int = 0, topic: str = "") -> None:
        """See ``GateLike``."""
        if recipient.is_literal:
            raise _no("recipient_literal", "mail to address literals is not relayed")
        if recipient.has_routing:
            raise _no("recipient_routing", "local parts with %, ! or @ are not relayed")
        allowance = identity.allowance
        if allowance is not None:
            if not allowance.reaches(recipient.key, recipient.domain):
                raise _no("recipient_not_allowed", "this login may not write to this address")
            _check_number(allowance, before + 1)
        if recipient.domain == self._return_path:
            raise _no("recipient_return_path", "return-path addresses take reports only, on the MX listener")
        reason = self._directory.suppressed(identity.tenant, identity.stream, recipient.key, topic)
        if reason:
            raise _no("suppressed", f"the recipient is on the suppression list ({reason})")
        left = self._directory.quota_left(identity.tenant)
        if left is not None and left <= 0:
            raise _over_quota()

    def lacking(self, identity: Identity, recipients: int) -> Awaitable[None] | None:
        """See ``GateLike``."""
        tenant = self._directory.tenant(identity.tenant)
        if self._quota is None or tenant is None:
            return None
        return self._quota.lacking(tenant, identity.stream, recipients)

    def finish(
        self,
        identity: Identity,
        envelope: Envelope,
        body: bytes,
        client: ClientInfo,
        said: labels.Labels | None = None,
        *,
        trial: bool = False,
    ) -> Submission:
        """See ``GateLike``."""
        if len(body) > self._limits.message_size:
            raise Refusal(552, "5.3.4", "message too big", rule="message_size")
        body = safe_lines(body, checked=client.clean)
        head = Head.parse(body)
        passed = self._pass(identity, envelope, head, client, said, trial=trial)
        kept = self._mend(passed, body, client)
        submission = self._intake.build(passed, body=kept, size=len(kept), eight_bit=not kept.isascii())
        return submission if trial else self._booked(submission, passed, len(kept))

    def finish_streamed(
        self,
        identity: Identity,
        envelope: Envelope,
        head: bytes,
        file: str,
        size: int,
        eight_bit: bool,
        client: ClientInfo,
    ) -> tuple[bytes, Submission]:
        """See ``GateLike``."""
        head = safe_lines(head)
        fields = Head.parse(head)
        passed = self._pass(identity, envelope, fields, client)
        mended = self._mend(passed, head, client)
        whole = len(mended) + size
        submission = self._intake.build(passed, file=file, size=whole, eight_bit=eight_bit)
        return mended, self._booked(submission, passed, whole)

    def _booked(self, submission: Submission, passed: Passed, octets: int) -> Submission:
        """Return the submission as it is kept, counted against what its account and login may send."""
        if passed.labels.key:
            submission = msgspec.structs.replace(submission, key=passed.labels.key)
        submission = self._timed(submission, passed)
        self._directory.spend(passed.identity.tenant, len(submission.deliveries), octets)
        self._count(passed.identity, len(submission.deliveries))
        return submission

    def _check_allowance(self, identity: Identity, envelope: Envelope) -> None:
        """Refuse what is beyond the credential's own limits, as they are now."""
        known = self._directory.by_credential(identity.credential)
        allowance = known.allowance if known is not None else None
        if allowance is None:
            return
        if not all(allowance.reaches(each.address.lower(), each.domain) for each in envelope.recipients):
            raise _no("recipient_not_allowed", "this login may not write to one of these addresses")
        _check_number(allowance, len(envelope.recipients))
        self._allowances.check(identity.credential, allowance, len(envelope.recipients), self._clock.now())

    def _count(self, identity: Identity, recipients: int) -> None:
        known = self._directory.by_credential(identity.credential)
        if known is not None and known.allowance is not None:
            self._allowances.count(identity.credential, known.allowance, recipients, self._clock.now())

    def _pass(
        self,
        identity: Identity,
        envelope: Envelope,
        head: Head,
        client: ClientInfo,
        said: labels.Labels | None = None,
        *,
        trial: bool = False,
    ) -> Passed:
        self._check_standing(identity)
        self._check_allowance(identity, envelope)
        if len(head.fields) > MOST_HOPS and len(head.get_all(b"received")) > MOST_HOPS:
            raise Refusal(554, "5.4.6", f"mail loop: more than {MOST_HOPS} Received fields", rule="loop")
        refuse_disguise(head)
        domain = self._authors.check(identity, head.get_all(b"sender"), head.get_all(b"from"))
        if said is None:
            said = labels.read(head)
            if identity.headers:
                said = families.read(identity.headers, head, said)
        if said.stream and said.stream != identity.stream:
            identity = self._switched(identity, said.stream, envelope)
        if said.topic:
            self._check_topic(identity, said.topic, envelope)
        if self._bulk_checked and identity.kind == "bulk":
            self._check_bulk(identity.tenant, domain, head)
        left = self._directory.quota_left(identity.tenant)
        if left is not None and left < len(envelope.recipients):
            raise _over_quota()
        at = self._clock.now()
        return Passed(
            id=client.message or self._mint.next(),
            identity=identity,
            envelope=envelope,
            header_from=domain,
            labels=said,
            head=head,
            at=at,
            source=client.address,
            measured=self._measuring.decide(identity.tenant, identity.stream, said, domain, envelope.recipients),
            terms=None if trial else self._terms(identity, len(envelope.recipients), at),
        )

    def _check_topic(self, identity: Identity, topic: str, envelope: Envelope) -> None:
        """Refuse a topic that its stream does not have, and a message that nobody of its recipients wants.

        Who has left the topic among others does not get it: that is looked at again before each attempt.
        """
        if all(topic != each.name for each in self._directory.topics(identity.tenant, identity.stream)):
            text = f"the stream {identity.stream} has no topic {topic!r}; create it, or leave the topic out"
            raise Refusal(550, "5.6.0", text, rule="topic_unknown")
        tenant, stream = identity.tenant, identity.stream
        reasons = [self._directory.suppressed(tenant, stream, each.address, topic) for each in envelope.recipients]
        if all(reasons):
            raise _no("suppressed", f"every recipient is on the suppression list of the topic ({reasons[0]})")

    def _check_bulk(self, tenant: str, domain: str, head: Head) -> None:
        """Refuse bulk mail of a sender that its readers could not tell, reach, trust or leave."""
        known = self._directory.tenant(tenant)
        wanted = {
            "the sender's identity": known is not None and known.identity,
            "a postal address": known is not None and known.postal_address,
            f"a DKIM key of {domain}": self._directory.signing_keys(tenant, domain),
        }
        missing = [name for name, there in wanted.items() if not there]
        if not head.contains(b"list-unsubscribe"):
            if self._no_leaving:
                missing.append(
                    f"an address to unsubscribe (the operator sets {self._no_leaving}, or add List-Unsubscribe)"
                )
            elif head.contains(b"dkim-signature"):
                missing.append(
                    "List-Unsubscribe: it is signed already, so we add none; send it unsigned, or add the field"
                )
        if missing:
            raise _no("bulk_not_ready", f"the bulk stream may not start without {', '.join(missing)}")

    def _terms(self, identity: Identity, recipients: int, at: float) -> Terms | None:
        """Take the message's units; last of all checks, because nothing gives them back at once."""
        tenant = self._directory.tenant(identity.tenant)
        if self._quota is None or tenant is None:
            return None
        return self._quota.book(tenant, identity, recipients, at)

    def _timed(self, submission: Submission, passed: Passed) -> Submission:
        """Return the submission due when the account's quota and the stream's hours let it go."""
        if passed.terms is not None:
            submission = terms.apply(submission, passed.terms)
        stream = self._directory.stream(passed.identity.tenant, passed.identity.stream)
        if stream is not None and stream.window is not None:
            submission = hours.apply(submission, stream.window)
        return submission

    def _mend(self, passed: Passed, body: bytes, client: ClientInfo) -> bytes:
        shown = ids.show(passed.id)
        trace = received(
            helo=client.helo,
            client=client.address,
            hostname=client.hostname or self._hostname,
            protocol=client.protocol,
            tls=client.tls,
            shown=shown,
            at=passed.at,
        )
        message_id = f"<{shown.lower()}@{passed.header_from}>".encode()
        return prepare_submission(
            body,
            passed.head,
            received=trace,
            date=passed.at,
            message_id=message_id,
            reply_to=self._reply_to(passed.identity),
            remove=labels.OWN | families.names(passed.identity.headers, passed.head)
            if passed.identity.headers
            else labels.OWN,
        )

    def _reply_to(self, identity: Identity) -> bytes:
        stream = self._directory.stream(identity.tenant, identity.stream)
        return stream.reply_to.encode() if stream is not None else b""

    def _check_standing(self, identity: Identity) -> None:
        tenant = self._directory.tenant(identity.tenant)
        known = self._directory.by_credential(identity.credential)
        if tenant is None or known is None:
            raise _no("credential_revoked", "this login is no longer valid")
        if known.expires is not None and known.expires <= self._clock.now():
            raise _no("credential_expired", "this login is no longer valid")
        if tenant.status == "suspended":
            raise _no("tenant_suspended", "this account is suspended; its operator knows why")
        stream = self._directory.stream(identity.tenant, identity.stream)
        if stream is None or stream.suspended:
            raise _no("stream_suspended", f"the stream {identity.stream} is suspended")
        if self._directory.queued_octets(identity.tenant) > self._limits.queue_bytes_per_tenant:
            raise Refusal(
                452, "4.3.1", "too much of this account's mail is waiting", rule="queue_bytes",
                retry_after=_QUOTA_RETRY,
            )  # fmt: skip

    def on_stream(self, identity: Identity, name: str) -> Identity:
        """See ``GateLike``."""
        stream = self._directory.stream(identity.tenant, name)
        if stream is None or PRIORITY_OF[stream.kind] < PRIORITY_OF[identity.kind]:
            raise _no("stream_not_allowed", "this login may not use the stream named for this message")
        moved = msgspec.structs.replace(
            identity,
            stream=stream.name,
            kind=stream.kind,
            egress=stream.egress,
            report_to=stream.report_to,
            retention=stream.retention,
        )
        self._check_standing(moved)
        return moved

    def _switched(self, identity: Identity, name: str, envelope: Envelope) -> Identity:
        """Return the identity on the stream that a message names, unless every recipient is suppressed there.

        One among others ends as rejected, because that is looked at again before each attempt.
        """
        moved = self.on_stream(identity, name)
        reasons = [self._directory.suppressed(identity.tenant, name, each.address) for each in envelope.recipients]
        if all(reasons):
            raise _no("suppressed", f"every recipient is on the suppression list of the stream ({reasons[0]})")
        return moved


def _check_number(allowance: Allowance, recipients: int) -> None:
    """Refuse more recipients of one message than the login may give it."""
    most = allowance.message_recipients
    if most is not None and recipients > most:
        text = f"more recipients than this login may give one message ({most})"
        raise Refusal(550, "5.5.3", text, rule="message_recipients")


def _no(rule: str, text: str) -> Refusal:
    return Refusal(550, "5.7.1", text, rule=rule)


def _over_quota() -> Refusal:
    return Refusal(
        452, "4.7.1", "this account's queue is full; try again later", rule="quota", retry_after=_QUOTA_RETRY
    )
