"""Reports in plain words, as programs write them that know no RFC 3464: their marks are data (``plain.toml``).

A form is recognised by a phrase that its program always writes. Addresses behind the phrase are those that failed; the
lines below an address are what was answered for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import msgspec

from estafette.base.shipped import table
from estafette.mail.returns.diagnosis import code_of, one_line, status_of
from estafette.mail.returns.finding import Action, Said

#: Characters of a report that are looked at, lines behind its phrase, recipients of one report.
LOOKED = 32_768
LINES = 200
RECIPIENTS = 50
_ANSWER_LINES = 8
_LINE = 1_000
_ADDRESS = re.compile(
    r"(?<![\w.+@/=-])(?:smtp[:=])?<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9]))>?",
    re.IGNORECASE,
)
#: Where a copy of the message begins, behind hyphens: nothing below is the report's own.
_COPIES = (
    "copy of the message", "copy of your message", "copy of the original", "copy of your mail", "below this line",
    "original message", "returned message", "unsent message", "headers follow", "message headers",
    "message d'origine", "message original", "ursprüngliche nachricht",
)  # fmt: skip
#: Fields of the message that a report repeats among its words.
_ABOUT = ("to: ", "cc: ", "from: ", "sender: ", "reply-to: ")
_HEADER = ("received: ", "return-path: ", "message-id: ")


#: Who is named because they can be asked.
_OFFICES = frozenset({"postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "hostmaster", "webmaster"})
_MARKS = " <>()[]'\"*-=|\t"
#: What stands behind an address that a line is about, and before one that a line ends with.
_AFTER = (" on ", " (", " ...", "...", " -", " :", " is ", " could", " was ", " no", " does", "\t")
_BEFORE = (":", " to", " for", " address", " recipient", " user", " à", " an", " from", "=")


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
    return table("estafette.mail.returns", "plain.toml", _Forms).form


def read(words: str, subject: str, own: Sequence[str] = ()) -> tuple[str, tuple[Said, ...]] | None:
    """Return (form, what it says) of a report, None when no form is recognised.

    words: the part for people. own: addresses that are never a recipient: whom the report is written to, and from.
    A report that names nobody says what it says of one recipient without an address.
    """
    lines = [line[:_LINE].strip() for line in words[:LOOKED].splitlines()]
    folded = [line.lower() for line in lines]
    running = " ".join(" ".join(folded).split())
    title = " ".join(subject.lower().split())
    strangers = frozenset(each.lower() for each in own)
    nameless = None
    for form in forms():
        phrase = next((each for each in form.phrases if each in (title if form.subject else running)), None)
        if phrase is None:
            continue
        start = 0 if form.subject else _line_of(folded, phrase)
        said = _said(lines[start : start + LINES], form, strangers) or _said(lines[:LINES], form, strangers)
        if said:
            return form.name, said
        nameless = nameless or (form.name, (_one("", _report_of(lines), form),))
    return nameless


def answer_for(words: str, address: str) -> str:
    """Return what the words of a report say was answered for an address, "" when they name it nowhere."""
    lines = [line[:_LINE].strip() for line in words[:LOOKED].splitlines()]
    low = address.lower()
    for number, line in enumerate(lines):
        if _is_copy(line.lower()):
            break
        if low and low in line.lower():
            following = lines[number + 1 : number + _ANSWER_LINES]
            end = next((place for place, each in enumerate(following) if not each or "@" in each), len(following))
            return one_line(" ".join([line, *following[:end]]))
    return ""


def _report_of(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines above the copy of the message."""
    end = next((number for number, line in enumerate(lines) if _is_copy(line.lower())), len(lines))
    return [line for line in lines[:end] if line][:_ANSWER_LINES]


def _is_copy(low: str) -> bool:
    return low.startswith(_HEADER) or ("--" in low and any(each in low for each in _COPIES))


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
        if _is_copy(low):
            break
        if low.startswith(_ABOUT):
            continue
        match = _ADDRESS.search(line)
        if match and _counts(form, line, match, own, further=bool(found)):
            if len(found) == RECIPIENTS:
                break
            answer = found.setdefault(match[1], [])
            rest = line.replace(match[0], "", 1).strip(" :<>()[]'\"*-\t")
            if rest:
                answer.append(rest)
        elif len(answer) < _ANSWER_LINES and found and line:
            answer.append(line)
    return tuple(_one(address, answer, form) for address, answer in found.items())


def _counts(form: Form, line: str, match: re.Match[str], own: frozenset[str], *, further: bool) -> bool:
    """Whether an address names a failed recipient: one in the midst of an answer is only being talked of."""
    address = match[1].lower()
    if address in own or address.partition("@")[0] in _OFFICES:
        return False
    if not form.alone:
        return not further
    before, after = line[: match.start()].strip(_MARKS), line[match.end() :]
    if not before or match[0].lower().startswith("smtp"):
        return not after.strip(_MARKS) or after[:1] in ":;,)>]'\"" or after.startswith(_AFTER)
    return not after.strip(_MARKS + ".") and (line[: match.start()].rstrip(" <[('\"").endswith(_BEFORE))


def _one(address: str, answer: Sequence[str], form: Form) -> Said:
    words = one_line(" ".join(answer))
    status = status_of(words) or form.status
    return Said(action=form.action, final=address, status=status, code=code_of(words), text=words)
