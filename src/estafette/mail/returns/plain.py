"""Reports in plain words, as programs write them that know no RFC 3464: their marks are data (``plain.toml``).

A form is recognised by a phrase that its program always writes. Addresses behind the phrase are those that failed; the
lines below an address are what was answered for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources

import msgspec

from estafette.mail.returns.diagnosis import code_of, one_line, status_of
from estafette.mail.returns.finding import Action, Said

#: Characters of a report that are looked at, lines behind its phrase, recipients of one report.
LOOKED = 32_768
LINES = 200
RECIPIENTS = 50
_ANSWER_LINES = 8
_LINE = 1_000
_ADDRESS = re.compile(
    r"(?<![\w.+@/=-])(?:smtp:)?<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9]))>?",
    re.IGNORECASE,
)
#: Where a copy of the message begins, behind hyphens: nothing below is the report's own.
_COPIES = (
    "copy of the message", "copy of your message", "copy of the original", "copy of your mail", "below this line",
    "original message", "returned message", "unsent message", "headers follow", "message headers",
    "message d'origine", "message original", "ursprüngliche nachricht",
)  # fmt: skip
_HEADER = ("received: ", "return-path: ", "message-id: ")


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One program's way of reporting.

    phrases: lower case, blanks folded; one of them must occur. action: what it reports. alone: an address counts only
    on a line that holds little else. status: when the text names none. subject: look at the Subject for the phrases.
    source: where the form was seen.
    """

    name: str
    phrases: tuple[str, ...]
    source: str
    action: Action = "failed"
    alone: bool = True
    status: str = ""
    subject: bool = False


class _Forms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: tuple[Form, ...]


@cache
def forms() -> Sequence[Form]:
    """Return every form, in the order in which they are tried."""
    text = resources.files(__package__).joinpath("plain.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Forms).form


def read(words: str, subject: str, own: Sequence[str] = ()) -> tuple[str, tuple[Said, ...]] | None:
    """Return (form, what it says) of a report, None when no form is recognised.

    words: the part for people. own: addresses that are never a recipient: whom the report is written to, and from.
    """
    text = words[:LOOKED]
    lines = [line[:_LINE].strip() for line in text.splitlines()]
    folded = [line.lower() for line in lines]
    running = " ".join(" ".join(folded).split())
    title = " ".join(subject.lower().split())
    for form in forms():
        place = title if form.subject else running
        phrase = next((each for each in form.phrases if each in place), None)
        if phrase is None:
            continue
        start = 0 if form.subject else _line_of(folded, phrase)
        said = _said(lines[start : start + LINES], form, frozenset(each.lower() for each in own))
        if said:
            return form.name, said
    return None


def _line_of(lines: Sequence[str], phrase: str) -> int:
    """Return the line on which a phrase begins, which may go over several."""
    first = phrase.split(" ")
    for number, line in enumerate(lines):
        if first[0] in line:
            run = " ".join(" ".join(lines[number : number + 4]).split())
            at = run.find(phrase)
            if 0 <= at <= len(line):
                return number
    return 0


def _said(lines: Sequence[str], form: Form, own: frozenset[str]) -> tuple[Said, ...]:
    found: dict[str, list[str]] = {}
    answer: list[str] = []
    for line in lines:
        low = line.lower()
        if low.startswith(_HEADER) or ("--" in low and any(each in low for each in _COPIES)):
            break
        match = _ADDRESS.search(line)
        address = match[1] if match else ""
        rest = line.replace(match[0], "", 1).strip(" :<>()'\"*-\t") if match else line
        if match and address.lower() not in own and _counts(form, rest, bool(found)):
            if len(found) == RECIPIENTS:
                break
            answer = found.setdefault(address, [])
            if rest:
                answer.append(rest)
        elif len(answer) < _ANSWER_LINES and found and line:
            answer.append(line)
    return tuple(_one(address, answer, form) for address, answer in found.items())


def _counts(form: Form, rest: str, further: bool) -> bool:
    """Whether an address names a failed recipient: one in the midst of an answer is only being talked of."""
    if not form.alone:
        return not further
    return len(rest) <= 12 or rest[:1] in ("(", ";", ",") or code_of(rest) > 0 or status_of(rest) != ""


def _one(address: str, answer: Sequence[str], form: Form) -> Said:
    words = one_line(" ".join(answer))
    status = status_of(words) or form.status
    return Said(action=form.action, final=address, status=status, code=code_of(words), text=words)
