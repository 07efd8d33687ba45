"""The two families of errors: what we tell a peer, and what we tell whoever runs us."""

from __future__ import annotations


class EstafetteError(Exception):
    """Root of every error raised on purpose."""


class Refusal(EstafetteError):
    """A coded no to the outside: rendered as an SMTP reply or an HTTP problem.

    code: basic SMTP reply code (RFC 5321 section 4.2), 4yz temporary, 5yz permanent.
    enhanced: status code of RFC 3463, such as ``5.7.1``.
    public: one line of ASCII text that the peer may read; names the rule.
    cause: private detail for the log; never sent.
    rule: short machine name of the rule that said no, such as ``sender_not_allowed``.
    retry_after: seconds after which another try may succeed, when known.
    """

    def __init__(
        self,
        code: int,
        enhanced: str,
        public: str,
        *,
        rule: str = "",
        cause: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code} {enhanced} {public}")
        self.code = code
        self.enhanced = enhanced
        self.public = public
        self.rule = rule
        self.cause = cause
        self.retry_after = retry_after

    @property
    def temporary(self) -> bool:
        """True when the same request may succeed later."""
        return 400 <= self.code < 500


class Fault(EstafetteError):
    """Something the operator must know: cause, place and fix, each one sentence.

    place: the setting, file, table or host concerned.
    fix: what to do about it.
    """

    def __init__(self, cause: str, *, place: str = "", fix: str = "", temporary: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.place = place
        self.fix = fix
        self.temporary = temporary


class ConfigFault(Fault):
    """A setting is wrong."""


class StoreFault(Fault):
    """The store cannot do what was asked."""


class StoreUnavailable(StoreFault):
    """The store is closed, read-only or unreachable; the caller answers 451 and keeps nothing."""
