"""The header section of a message (RFC 5322 section 2.2), read once and kept as offsets into its bytes."""

from __future__ import annotations

from estafette.base.errors import Refusal

SECTION_LIMIT = 1 << 20
FIELDS_LIMIT = 1000

#: (lower-case name, offset of the name, offset behind the colon, offset behind the field's CRLF)
Field = tuple[bytes, int, int, int]


class Head:
    """Where the fields of a message lie.

    fields: in their order; a line that is no field has the name b"". end: where the body starts.
    divided: whether an empty line divides header and body.
    """

    __slots__ = ("_source", "divided", "end", "fields")

    def __init__(self, source: bytes, fields: list[Field], end: int, *, divided: bool) -> None:
        self._source = source
        self.fields = fields
        self.end = end
        self.divided = divided

    @classmethod
    def parse(cls, body: bytes | memoryview) -> Head:
        """Read the header section of a message with CRLF lines; tolerant, but bounded.

        Refusal 552 when it exceeds ``SECTION_LIMIT`` octets or ``FIELDS_LIMIT`` fields. A text without any
        field is all body.
        """
        block, end, divided = _section(body)
        fields: list[Field] = []
        position = 0
        for line in block.split(b"\r\n"):
            following = position + len(line) + 2
            if line[:1] in (b" ", b"\t") and fields:
                name, start, value, _ = fields[-1]
                fields[-1] = (name, start, value, following)
            elif line:
                colon = line.find(b":")
                name = line[:colon].rstrip(b" \t").lower() if colon > 0 else b""
                if len(fields) >= FIELDS_LIMIT:
                    raise _too_large(f"more than {FIELDS_LIMIT} header fields")
                fields.append((name, position, position + colon + 1, following))
            position = following
        if not any(field[0] for field in fields):
            return cls(b"", [], end if divided and not fields else 0, divided=divided and not fields)
        return cls(block, fields, end, divided=divided)

    def get_all(self, name: bytes) -> list[bytes]:
        """Return the raw values of every field of this lower-case name, folds included, the last CRLF not."""
        source = self._source
        return [source[value : stop - 2] for found, _, value, stop in self.fields if found == name]

    def first(self, name: bytes) -> bytes | None:
        """Return the raw value of the first field of this lower-case name, None when there is none."""
        for found, _, value, stop in self.fields:
            if found == name:
                return self._source[value : stop - 2]
        return None

    def contains(self, name: bytes) -> bool:
        """Whether a field of this lower-case name is present."""
        return any(field[0] == name for field in self.fields)

    @property
    def section(self) -> bytes:
        """The header section: every field with its CRLF, without the empty line."""
        return self._source


def unfold(value: bytes) -> bytes:
    """Return a raw value on one line, without its outer blanks (RFC 5322 section 2.2.3)."""
    return value.replace(b"\r\n", b"").strip(b" \t")


def _section(body: bytes | memoryview) -> tuple[bytes, int, bool]:
    """Return the header section, where the body starts, and whether an empty line divides them."""
    view = bytes(body[: SECTION_LIMIT + 4]) if isinstance(body, memoryview) else body
    if view[:2] == b"\r\n":
        return b"", 2, True
    gap = view.find(b"\r\n\r\n", 0, SECTION_LIMIT + 4)
    if gap >= 0:
        return view[: gap + 2], gap + 4, True
    if len(body) > SECTION_LIMIT:
        raise _too_large(f"the header section exceeds {SECTION_LIMIT} octets")
    if not view.endswith(b"\r\n"):
        view += b"\r\n"
    return view, len(body), False


def _too_large(what: str) -> Refusal:
    return Refusal(552, "5.3.4", what, rule="header_too_large")
