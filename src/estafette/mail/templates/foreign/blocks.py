"""Blocks that are open while a source is read, and the names that hold in them."""

from __future__ import annotations

import msgspec

from estafette.mail.templates.foreign.words import Words

#: Blocks within each other.
DEPTH = 30


class Block(msgspec.Struct):
    """An open block. names: what is known in it. last: whether its else was there."""

    word: str
    line: int
    names: set[str]
    last: bool = False


class Blocks:
    """The open blocks of a source; those of ``if`` share their names with what follows, as in our language."""

    def __init__(self) -> None:
        self._open: list[Block] = []
        self._names: set[str] = set()

    def open(self, words: Words, word: str, *names: str) -> None:
        """Open a block with names of its own."""
        if len(self._open) >= DEPTH:
            words.fail(f"has more than {DEPTH} blocks within each other", "template_limit")
        self._open.append(Block(word, words.line, set(names)))

    def otherwise(self, words: Words, *of: str, last: bool) -> str:
        """Go on to another branch of the block, and return the block's word. last: no branch may follow."""
        if not self._open or self._open[-1].word not in of or self._open[-1].last:
            words.fail("a branch stands outside its block, or behind its else")
        self._open[-1].last = last
        return self._open[-1].word

    def close(self, words: Words, word: str) -> None:
        """Close the innermost block, which must be of this word."""
        if not self._open or self._open[-1].word != word:
            inner = f"{self._open[-1].word} of line {self._open[-1].line}" if self._open else "nothing"
            words.fail(f"end{word} closes {inner}")
        self._open.pop()

    def done(self, words: Words) -> None:
        """Refuse blocks that are still open."""
        if self._open:
            words.fail(f"{self._open[-1].word} of line {self._open[-1].line} is never closed")

    def name(self, name: str) -> None:
        """Note a name that was given a value here."""
        scope = self._scope()
        (self._names if scope is None else scope.names).add(name)

    def knows(self, name: str) -> bool:
        """Return whether a name has a value here."""
        return name in self._names or any(name in block.names for block in self._open)

    def outside(self, name: str) -> bool:
        """Return whether a name was given its value outside the loop that is open."""
        scope = self._scope()
        return scope is not None and self.knows(name) and name not in scope.names

    @property
    def in_loop(self) -> bool:
        """Whether a loop is open."""
        return any(block.word == "for" for block in self._open)

    def _scope(self) -> Block | None:
        """Return the innermost block whose names end with it."""
        return next((block for block in reversed(self._open) if block.word in {"for", "with"}), None)
