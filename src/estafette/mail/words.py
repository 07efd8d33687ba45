"""Text in header fields: encoded words (RFC 2047), folding (RFC 5322 section 2.2.3), parameters (RFC 2231)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from email.header import decode_header
from urllib.parse import quote

LINE = 76
LONGEST = 998
_WORD = 75 - len("=?utf-8?q??=")
_PLAIN = re.compile(r"[ !-~]*")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SPEAKS_Q = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_Q = tuple(chr(o) if o in _SPEAKS_Q else "_" if o == 32 else f"={o:02X}" for o in range(256))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ENCODED = re.compile(r"=\?[^?\s]*\?[^?\s]*\?[^?]*\?=")
_PIECE = 50


class BadText(ValueError):
    """Text that no header field may hold; the message says why."""


def checked(text: str) -> str:
    """Return text for one field; BadText for control characters, also those hidden in encoded words."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text
    if _CONTROL.search(text):
        raise BadText("holds a control character or a line break")
    if _ENCODED.search(text):
        try:
            decoded = "".join(
                part.decode(charset or "ascii", "replace") if isinstance(part, bytes) else part
                for part, charset in decode_header(text)
            )
        except (ValueError, LookupError) as error:
            raise BadText("holds an encoded word that cannot be read") from error
        if _CONTROL.search(decoded):
            raise BadText("hides a control character or a line break in an encoded word")
    return text


def encoded(text: str) -> list[str]:
    """Return text as encoded words of at most 75 characters; no character is cut in two."""
    octets = text.encode()
    q = sum(len(_Q[octet]) for octet in octets)
    if q > 4 * ((len(octets) + 2) // 3):
        return [f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in _pieces(text, lambda c: len(c.encode()), 45)]
    return [
        f"=?utf-8?q?{''.join(_Q[octet] for octet in piece)}?="
        for piece in _pieces(text, lambda c: sum(len(_Q[o]) for o in c.encode()), _WORD)
    ]


def _pieces(text: str, cost: object, most: int) -> Iterator[bytes]:
    assert callable(cost)
    held: list[str] = []
    used = 0
    for character in text:
        needed = cost(character)
        if used + needed > most:
            yield "".join(held).encode()
            held, used = [], 0
        held.append(character)
        used += needed
    if held:
        yield "".join(held).encode()


def folded(name: str, tokens: Sequence[str]) -> str:
    """Return a field with its CRLF; breaks stand before tokens only. BadText when a token exceeds a line."""
    lines: list[str] = []
    line = f"{name}:"
    for token in tokens:
        if len(line) + 1 + len(token) > LINE and len(line) > len(name) + 1 and line.strip():
            lines.append(line)
            line = ""
        line += f" {token}"
        if len(line.encode()) > LONGEST:
            raise BadText(f"has a word of more than {LONGEST} octets")
    lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def unstructured(name: str, text: str) -> str:
    """Return a field of free text, such as Subject."""
    text = checked(text).strip()
    if len(name) + len(text) < LINE - 2 and _plain(text):
        return f"{name}: {text}\r\n"
    words = text.split(" ")
    if _plain(text) and all(words) and max(map(len, words)) < LINE - len(name):
        return folded(name, words)
    return folded(name, encoded(text))


def _plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and "=?" not in text


def structured(name: str, text: str) -> str:
    """Return a field whose words mean something, such as References: folded, never encoded. BadText beyond ASCII."""
    text = checked(text)
    if not text.isascii():
        raise BadText("holds characters beyond ASCII, which this field cannot carry")
    return folded(name, text.split())


def phrase(name: str) -> list[str]:
    """Return a display name as tokens of an address field."""
    name = checked(name).strip()
    if len(name) < 60 and _PLAIN.fullmatch(name) and "=?" not in name:
        if _PHRASE.fullmatch(name):
            return name.split(" ")
        return ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    return encoded(name)


def parameter(name: str, value: str) -> list[str]:
    """Return a parameter of a MIME field as tokens; beyond ASCII, or long, in the form of RFC 2231."""
    value = checked(value)
    if len(value) < 60 and _PLAIN.fullmatch(value) and "=?" not in value:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return [f'{name}="{escaped}"']
    text = quote(value, safe="!#$&+-.^_`{}~")
    if len(text) <= _PIECE:
        return [f"{name}*=utf-8''{text}"]
    pieces = [piece.group() for piece in re.finditer(r"(?:%[0-9A-F]{2}|[^%]){1,20}", text)]
    first = f"{name}*0*=utf-8''{pieces[0]}"
    return [f"{each};" for each in [first, *(f"{name}*{n}*={piece}" for n, piece in enumerate(pieces[1:], 1))][:-1]] + [
        f"{name}*{len(pieces) - 1}*={pieces[-1]}" if len(pieces) > 1 else first
    ]
