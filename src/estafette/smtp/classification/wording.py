"""Hostile text as words: bounded, in small letters, without addresses and repeated codes.

Everything here takes time linear in the text: the expressions have no alternatives that overlap, and every repeat in
them is bounded or walks one class of characters.
"""

from __future__ import annotations

import re

#: Characters of a text that are looked at.
LONGEST = 1024
_WORD = re.compile(r"[^\W_]+")
#: Addresses are the recipient's or the sender's choice: nothing in them says what a server means.
_ADDRESS = re.compile(r"[^\s<>@:;,()\"]{1,64}@[^\s<>@:;,()\"]{1,255}")
#: What each line of a reply repeats: ``550-5.1.1``, ``421 4.7.0``.
_CODES = re.compile(r"\b[245][0-9]{2}(?:[ -]|$)(?:[245]\.[0-9]{1,3}\.[0-9]{1,3})?")


def spoken(text: str) -> str:
    """Return the words of a text, each between single spaces, with a space at both ends."""
    text = text[:LONGEST]
    if "@" in text:
        text = _ADDRESS.sub(" ", text)
    return f" {' '.join(_WORD.findall(_CODES.sub(' ', text).lower()))} "
