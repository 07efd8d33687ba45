"""The options of ``sendmail``, in every form in which programs write them: ``-t -i``, ``-ti``, ``-f A``, ``-fA``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from getopt import GetoptError, gnu_getopt

#: A letter with a colon takes a value, attached or as the next word.
_LETTERS = "A:B:b:C:d:e:F:f:Gh:IiL:mN:nO:o:p:q:R:r:tUV:vX:"
_NOTIFY = re.compile(r"never|(success|failure|delay)(,(success|failure|delay))*", re.IGNORECASE)
_RETURN = re.compile(r"full|hdrs", re.IGNORECASE)
#: What sendmail can be besides a submitter, and what is asked instead here.
_OTHER_MODES = {
    "p": "look at the queue with: estafette queue list",
    "s": "speak SMTP with the ports of listen.submission",
    "i": "/etc/aliases is read as it is",
}
_SERVICE = "the service does this by itself: estafette serve"


class Misused(Exception):
    """The command line is wrong. fix: what would be right."""

    def __init__(self, cause: str, fix: str = "estafette send [-f FROM] [-t] TO ... < message") -> None:
        super().__init__(cause)
        self.fix = fix


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command line asks for.

    sender: of the envelope; None = taken from the message. full_name: shown in a From that is missing. from_fields: To,
    Cc and Bcc name further recipients. dot_ends: a line with a dot alone ends the message. notify, returned: NOTIFY and
    RET of RFC 3461, "" for none. config: a settings file.
    """

    sender: str | None = None
    full_name: str = ""
    recipients: tuple[str, ...] = ()
    from_fields: bool = False
    dot_ends: bool = True
    notify: str = ""
    returned: str = ""
    config: str = ""


def read_options(arguments: Sequence[str]) -> Options:
    """Read a command line; Misused. What only concerns how a queue is run has no meaning here and is passed over."""
    try:
        pairs, recipients = gnu_getopt(list(arguments), _LETTERS)
    except GetoptError as error:
        raise Misused(str(error)) from None
    _refuse_other_modes(pairs)
    given = dict(pairs)
    sender = given.get("-f", given.get("-r"))
    dots_stay = "-i" in given or any(_keeps_dots(letter, value) for letter, value in pairs)
    return Options(
        sender=None if sender is None else sender.strip().strip("<>"),
        full_name=given.get("-F", ""),
        recipients=tuple(recipients),
        from_fields="-t" in given,
        dot_ends=not dots_stay,
        notify=_checked("-N", given.get("-N", ""), _NOTIFY),
        returned=_checked("-R", given.get("-R", ""), _RETURN),
        config=given.get("-C", ""),
    )


def _keeps_dots(letter: str, value: str) -> bool:
    name, _, said = value.partition("=")
    return (letter == "-o" and value == "i") or (
        letter == "-O" and name.lower() == "ignoredots" and said.lower() not in {"false", "no"}
    )


def _refuse_other_modes(pairs: Sequence[tuple[str, str]]) -> None:
    for letter, value in pairs:
        if letter in {"-q", "-I"} or (letter == "-b" and value != "m"):
            raise Misused(f"{letter}{value} is no submission", _OTHER_MODES.get(value, _SERVICE))


def _checked(letter: str, value: str, form: re.Pattern[str]) -> str:
    if value and not form.fullmatch(value):
        raise Misused(f"{letter} {value!r} is none of its values (RFC 3461)")
    return value.upper()
