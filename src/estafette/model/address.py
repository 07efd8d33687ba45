"""Mail addresses, read strictly: RFC 5321 section 4.1.2, RFC 6531 section 3.3, and RFC 5322 section 3.4 for fields.

What can be read in two ways is refused: an address decides who may send and who gets mail.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import idna
import msgspec

LOCAL_LIMIT = 64
DOMAIN_LIMIT = 255
PATH_LIMIT = 256
FIELD_LIMIT = 1_000_000
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_PLAIN = re.compile(
    rf"([{_ATEXT}]+(?:\.[{_ATEXT}]+)*)@((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)"
)
_DOT_ATOM = re.compile(rf"[{_ATEXT}\u0080-\U0010ffff]+(?:\.[{_ATEXT}\u0080-\U0010ffff]+)*")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~\u0080-\U0010ffff]|\\[ -~])*)"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
# Invisible and direction-changing characters let one address pass for another.
_INVISIBLE = re.compile(
    "[\u0080-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff\ud800-\udfff]"
)


class AddressError(ValueError):
    """Text that is no address, or could be read as two; the message names the rule in plain ASCII.

    enhanced: status code of RFC 3463 that fits.
    """

    def __init__(self, rule: str, enhanced: str = "5.1.3") -> None:
        super().__init__(rule)
        self.enhanced = enhanced


class Address(msgspec.Struct, frozen=True):
    """One mailbox.

    local: as written, quotes only where the grammar needs them. domain: lower case A-labels, or an address literal
    such as ``[192.0.2.1]``. unicode: the domain in U-labels when it came so, else "".
    """

    local: str
    domain: str
    unicode: str = ""

    @property
    def text(self) -> str:
        """The address with its domain in A-labels, as the wire and the store have it."""
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """The form for comparing with lists: all lower case."""
        return f"{self.local}@{self.domain}".lower()

    @property
    def is_literal(self) -> bool:
        """True when the domain is an IP address in brackets."""
        return self.domain.startswith("[")

    @property
    def is_ascii(self) -> bool:
        """True when the address can go to a server without SMTPUTF8."""
        return self.local.isascii()

    @property
    def has_routing(self) -> bool:
        """True when the local part could route onwards at a careless server: ``a@b@us``, ``a%b@us``, ``b!a@us``."""
        return not {"%", "!", "@"}.isdisjoint(self.local)


def parse_path(raw: bytes | str, *, smtputf8: bool = False) -> Address:
    """Read the inside of ``<...>`` of MAIL or RCPT, without the brackets; AddressError when it is not one mailbox.

    Source routes are refused (RFC 5321 appendix C lets a server do so). ``raw`` as octets must be UTF-8.
    """
    if isinstance(raw, str):
        return _parse(raw, smtputf8)
    try:
        return _parse(raw.decode("ascii"), smtputf8)
    except UnicodeDecodeError:
        return _parse(_decode(raw), smtputf8)


@lru_cache(maxsize=4096)
def _parse(text: str, smtputf8: bool) -> Address:
    if len(text) <= LOCAL_LIMIT and (match := _PLAIN.fullmatch(text)) and "xn--" not in (low := match[2].lower()):
        _check_labels(low)
        return Address(match[1], low)
    if not smtputf8 and not text.isascii():
        raise AddressError("an address beyond ASCII needs SMTPUTF8", "5.6.7")
    if len(text.encode("utf-8", "replace")) > PATH_LIMIT - 2:
        raise AddressError("a path has at most 256 octets")
    if text.startswith("@"):
        raise AddressError("source routes are not accepted")
    local, domain = _split(text)
    return Address(_local(local), *_domain(domain))


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise AddressError("an address is ASCII or UTF-8") from None


def _split(text: str) -> tuple[str, str]:
    quoted = _QUOTED.match(text)
    at = quoted.end() if quoted else text.find("@")
    if at < 0 or text[at : at + 1] != "@":
        raise AddressError("an address has a local part, an @ and a domain")
    return text[:at], text[at + 1 :]


def _local(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > LOCAL_LIMIT:
        raise AddressError("a local part has at most 64 octets")
    if _INVISIBLE.search(text):
        raise AddressError("a local part has no invisible characters", "5.6.7")
    if _DOT_ATOM.fullmatch(text):
        return text
    match = _QUOTED.fullmatch(text)
    if match is None:
        raise AddressError("the local part is neither a dot-atom nor a quoted string")
    return _unquoted(re.sub(r"\\(.)", r"\1", match[1]))


def _unquoted(content: str) -> str:
    """Return the one canonical spelling, so that ``"a"@x`` and ``a@x`` compare equal."""
    if _DOT_ATOM.fullmatch(content):
        return content
    escaped = content.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _domain(text: str) -> tuple[str, str]:
    if text.startswith("["):
        return _literal(text), ""
    low = text.lower()
    if text.isascii() and "xn--" not in low:
        _check_labels(low)
        return low, ""
    return _international(text)


@lru_cache(maxsize=1024)
def _international(text: str) -> tuple[str, str]:
    try:
        ascii_form = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
        back = idna.decode(ascii_form)
    except (idna.IDNAError, UnicodeError):
        raise AddressError("the domain is no IDNA2008 name", "5.1.3") from None
    if text.endswith((".", "\u3002", "\uff0e", "\uff61")):
        raise AddressError("a domain does not end in a dot")
    _check_labels(ascii_form)
    return ascii_form, "" if text.isascii() else back


def _check_labels(domain: str) -> None:
    if not domain or len(domain) > DOMAIN_LIMIT:
        raise AddressError("a domain has 1 to 255 octets")
    for label in domain.split("."):
        if len(label) > 63 or not _LABEL.fullmatch(label):
            raise AddressError("a domain is made of labels of 1 to 63 letters, digits and inner hyphens")
    if label.isdigit():
        raise AddressError("a domain does not end in a number")


def _literal(text: str) -> str:
    inside = text[1:-1]
    try:
        if text.endswith("]") and "%" not in inside:
            if inside[:5].lower() == "ipv6:":
                return f"[IPv6:{IPv6Address(inside[5:])}]"
            return f"[{IPv4Address(inside)}]"
    except ValueError:
        pass
    raise AddressError("an address literal is [IPv4] or [IPv6:...]")


_TOKEN = re.compile(
    rf"(?P<space>(?:[ \t]|\r\n[ \t])+)|(?P<quoted>\"(?:[\t !#-\[\]-~\u0080-\U0010ffff]|\\[\t -~]|\r\n[ \t])*\")"
    rf"|(?P<word>[{_ATEXT}.\u0080-\U0010ffff]+)|(?P<literal>\[[^\[\]\\\r\n ]*\])|(?P<mark>[<>@,:;(])"
)
_COMMENT_STEP = re.compile(r"(?:[^()\\\r\n]|\r\n[ \t]|\\[\t -~])*([()])")


def parse_mailboxes(value: str) -> list[Address]:
    """Return every mailbox of a From or Sender field body, unfolded or not (RFC 5322 section 3.4, RFC 6532).

    Display names, comments and groups are understood and dropped. AddressError for obsolete routes, missing commas,
    unbalanced quotes, or anything a mail program might show as another address than we checked.
    """
    if len(value) > FIELD_LIMIT:
        raise AddressError("an address list has at most 1000000 characters")
    found: list[Address] = []
    item: list[tuple[str, str]] = []
    in_group = False
    for kind, text in [*_tokens(value.strip(" \t\r\n")), ("mark", ",")]:
        if kind != "mark" or text in "<>@":
            item.append((kind, text))
        elif text == ":":
            if in_group or not item or any(k == "mark" for k, _ in item):
                raise AddressError("a group begins with a name and does not nest")
            in_group, item = True, []
        else:
            _take(item, found)
            if text == ";" and not in_group:
                raise AddressError("a semicolon ends a group only")
            in_group = in_group and text != ";"
            item = []
    if in_group:
        raise AddressError("a group ends with a semicolon")
    return found


def _tokens(value: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(value):
        match = _TOKEN.match(value, at)
        if match is None:
            raise AddressError("an address field holds a character that fits nowhere")
        kind, at = str(match.lastgroup), match.end()
        if match[0] == "(":
            at = _comment_end(value, at)
        elif kind != "space":
            tokens.append((kind, match[0]))
    return tokens


def _comment_end(value: str, at: int) -> int:
    depth = 1
    while depth:
        match = _COMMENT_STEP.match(value, at)
        if match is None:
            raise AddressError("a comment is not closed")
        depth += 1 if match[1] == "(" else -1
        at = match.end()
    return at


def _take(item: list[tuple[str, str]], found: list[Address]) -> None:
    if not item:
        return
    marks = "".join(text for kind, text in item if kind == "mark")
    if marks == "<@>" and item[-1] == ("mark", ">"):
        start = item.index(("mark", "<"))
        if any(kind == "literal" for kind, _ in item[:start]):
            raise AddressError("a display name holds no brackets")
        item = item[start + 1 : -1]
    elif marks != "@":
        raise AddressError("an address field holds something that is not one mailbox, or lacks a comma")
    if len(item) != 3 or item[1] != ("mark", "@") or item[2][0] not in {"word", "literal"}:
        raise AddressError("an address field holds something that is not one mailbox, or lacks a comma")
    found.append(parse_path(f"{item[0][1]}@{item[2][1]}", smtputf8=True))
