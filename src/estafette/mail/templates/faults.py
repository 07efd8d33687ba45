"""What can be wrong with a template or its values."""

from __future__ import annotations


class TemplateFault(ValueError):
    """A template that cannot be used. code: name of the rule. part: ``html``, ``text``, ``subject``, or a layout.

    line: in that part, from 1; 0 when the whole is meant. fix: what to do about it.
    """

    def __init__(self, code: str, detail: str, *, part: str = "", line: int = 0, fix: str = "") -> None:
        place = f"{part}, line {line}: " if part and line else f"{part}: " if part else ""
        super().__init__(f"{place}{detail}")
        self.code = code
        self.detail = detail
        self.part = part
        self.line = line
        self.fix = fix or "correct the template"


class MissingValue(TemplateFault):
    """A template names a value that nobody gave. name: as the template writes it."""

    def __init__(self, name: str, *, part: str = "", line: int = 0) -> None:
        fix = f"give {name} in data" if name else "give every value that the template names"
        super().__init__("missing_value", f"there is no value for {name or 'a name'}", part=part, line=line, fix=fix)
        self.name = name
