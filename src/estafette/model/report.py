"""Reports from receivers: what they say of mail from a domain (DMARC), and of TLS with its servers (TLS-RPT)."""

from __future__ import annotations

from typing import Literal

import msgspec

ReportKind = Literal["dmarc", "tls"]
ReportOrigin = Literal["mail", "upload"]
#: Local parts to which receivers send each kind; what ``rua`` of a domain's records names.
ROLES: dict[str, ReportKind] = {"dmarc": "dmarc", "tlsrpt": "tls"}


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a report: a source address, and what became of so many messages or sessions. A stranger's words.

    source: address in its canonical form, "" when none was told. count: messages (dmarc), failed sessions (tls).
    passed: aligned DKIM or SPF passed; of TLS never. ours: it came from an address of ours, or a key of ours signed it.
    What does not apply is "". disposition: what was done, ``none``, ``quarantine``, ``reject``, ``pass``. dkim, spf:
    aligned result, ``pass`` or ``fail``. header_from, envelope_from: domains. signer, selector, signature: of the
    signature that says most. spf_domain, spf_result: what SPF checked. result: TLS result type (RFC 8460 section 4.3).
    target: receiving server. reason: why the policy was not followed, or what failed.
    """

    source: str
    count: int
    passed: bool = False
    ours: bool = False
    disposition: str = ""
    dkim: str = ""
    spf: str = ""
    header_from: str = ""
    envelope_from: str = ""
    signer: str = ""
    selector: str = ""
    signature: str = ""
    spf_domain: str = ""
    spf_result: str = ""
    result: str = ""
    target: str = ""
    reason: str = ""


class ReceiverReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says of one domain. Anybody can write one: nothing in it is proved.

    domain: lower-case A-labels. reporter, contact: who says it. report: its id, theirs. begin, end: the time it is
    about, unix seconds. form: ``rfc9990``, ``rfc7489`` or ``rfc8460``. policy: what was published, in one line.
    messages: how many messages or sessions it is about, passed: of them without a fault; both sum every row, also
    those beyond the limit of what is kept. unlisted: messages of rows that are not kept.
    """

    kind: ReportKind
    domain: str
    reporter: str
    report: str
    begin: float
    end: float
    contact: str = ""
    form: str = ""
    policy: str = ""
    messages: int = 0
    passed: int = 0
    unlisted: int = 0
    rows: tuple[ReportRow, ...] = ()


class KeptReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report at rest, without its rows. tenant: whose domain it is, "" = the service's own.

    name: equal for equal reports, whatever way they came: kind, domain, reporter and report id, digested.
    ours: messages of rows that are ours, of them ours_passed. sender: who mailed it, "" when it was uploaded.
    """

    id: str
    tenant: str
    name: str
    kind: ReportKind
    domain: str
    reporter: str
    report: str
    contact: str
    begin: float
    end: float
    received: float
    origin: ReportOrigin
    sender: str
    form: str
    policy: str
    messages: int
    passed: int
    unlisted: int
    ours: int
    ours_passed: int


class SourceSum(msgspec.Struct, frozen=True, kw_only=True):
    """What reports say of a source address of a domain, summed. first, last: days, since 1970."""

    domain: str
    source: str
    ours: bool
    messages: int
    passed: int
    dkim: int
    spf: int
    rejected: int
    quarantined: int
    first: int
    last: int


class DaySum(msgspec.Struct, frozen=True, kw_only=True):
    """What reports say of a domain on a day (days since 1970): messages, of them passed, ours, and ours passed."""

    domain: str
    day: int
    messages: int
    passed: int
    ours: int
    ours_passed: int
