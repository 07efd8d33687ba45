"""Field names in disguise: what a reader may take for From or Sender although it is spelled otherwise.

A name is printable US-ASCII without the colon (RFC 5322 section 2.2). Readers differ in what they do with anything
else: one drops the octet, one folds the letter, and then shows an author whom nobody has checked.
"""

from __future__ import annotations

import unicodedata

from estafette.mail.headers import Head

_ORDINARY = bytes(range(33, 127))
_OTHERS = bytes(set(range(256)) - set(_ORDINARY))
_AUTHORS = (b"from", b"sender")


def disguised_author(head: Head) -> bytes:
    """Return the first name that reads as From or Sender and is neither; b"" when there is none."""
    names = [field[0] for field in head.fields]
    if not b"".join(names).translate(None, _ORDINARY):
        return b""
    return next((name for name in names if name not in _AUTHORS and _reads_as_author(name)), b"")


def _reads_as_author(name: bytes) -> bool:
    folded = unicodedata.normalize("NFKD", name.decode("utf-8", "ignore")).casefold()
    seen = (name.translate(None, _OTHERS), folded.encode().translate(None, _OTHERS))
    return any(each.lower() in _AUTHORS for each in seen)
