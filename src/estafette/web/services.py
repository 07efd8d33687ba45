"""What the rooms on HTTP may call; runtime puts it together."""

from __future__ import annotations

from dataclasses import dataclass, field

from estafette.base.clock import Clock
from estafette.base.ids import Mint
from estafette.base.seal import Keyring
from estafette.config.schema import Settings
from estafette.events.arrivals import Arrivals
from estafette.net.http import Fetcher
from estafette.net.resolver import Resolver
from estafette.relay.submission.client import GateLike
from estafette.relay.submission.login_notes import LoginNotes
from estafette.relay.submission.posting import Posting
from estafette.relay.submission.reach import Reach
from estafette.relay.submission.recall import Recall
from estafette.relay.submission.rejections import Rejections
from estafette.relay.submission.repetition import Repetition
from estafette.relay.submission.stationery import Stationery
from estafette.relay.viewing import Captured
from estafette.store.interface.control import Control
from estafette.store.interface.directory import Directory
from estafette.store.interface.history import History
from estafette.store.interface.persons import Persons
from estafette.store.interface.spool import Spool
from estafette.store.interface.statistics import Statistics
from estafette.tenancy.office import Office
from estafette.tenancy.permissions import Actor
from estafette.tenancy.published import Names
from estafette.web.guard import Guard
from estafette.web.rates import Rates

_NOBODY = Actor(kind="credential", id="", name="")


@dataclass(frozen=True)
class Services:
    """The doors of one web process. keyring signs sessions of the page, guard slows who guesses.

    rates counts the calls of each key; control is what administration changes; notes are taken of log-ins.
    posting takes the letters of applications, recall what they may do afterwards.
    names is what DNS has; arrivals tells followers of the log that it has grown. captured writes what recipients would
    have got, where nothing leaves: links of theirs act for them, so that nobody else is shown any.
    """

    settings: Settings
    directory: Directory
    gate: GateLike
    spool: Spool
    history: History
    statistics: Statistics
    mint: Mint
    clock: Clock
    keyring: Keyring
    control: Control
    notes: LoginNotes
    names: Names
    persons: Persons
    rejections: Rejections | None = None
    captured: Captured | None = None
    rates: Rates = field(init=False)
    guard: Guard = field(init=False)
    posting: Posting = field(init=False)
    recall: Recall = field(init=False)
    arrivals: Arrivals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "posting", self._post())
        object.__setattr__(self, "recall", self._recall())
        object.__setattr__(self, "arrivals", Arrivals(self.history))
        object.__setattr__(self, "guard", Guard(self.clock))
        object.__setattr__(self, "rates", Rates(self.clock, self._calls()))

    def _post(self) -> Posting:
        return Posting(
            gate=self.gate,
            spool=self.spool,
            mint=self.mint,
            clock=self.clock,
            limits=self.settings.limits,
            hostname=self.settings.service.hostname,
            fetcher=Fetcher(Resolver(self.settings.dns.servers), self.settings.outgoing.allow_networks),
            stationery=Stationery(self.control.templates, self.clock),
            reach=Reach(self.history, self.clock),
            rejections=self.rejections,
            repetition=Repetition(self.control.receipts, self.spool, self.history, self.clock),
        )

    def _recall(self) -> Recall:
        return Recall(spool=self.spool, history=self.history, clock=self.clock, mint=self.mint, posting=self.posting)

    def _calls(self) -> int:
        """Return the calls that this process lets a key make a minute: its share, when several listen together."""
        return max(1, self.settings.limits.api_rate // max(1, self.settings.runtime.web))

    def office(self, who: Actor = _NOBODY, expected: int | None = None) -> Office:
        """Return the office in which an actor works; see ``Office``."""
        service = self.settings.service
        return Office(
            control=self.control,
            keyring=self.keyring,
            now=self.clock.now,
            who=who,
            expected=expected,
            hostname=service.hostname,
            return_path=service.return_path,
            public_url=service.public_url,
            dns_zone=service.dns_zone,
            language=service.language,
            submissions=self.settings.listen.port("submissions"),
            submission=self.settings.listen.port("submission"),
        )
