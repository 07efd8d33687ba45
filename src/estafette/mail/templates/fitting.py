"""Whether values are what a template declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from estafette.mail.templates.faults import MissingValue, TemplateFault
from estafette.model.template import Variable

_ABSENT = object()


def fit(variables: Sequence[Variable], *layers: Mapping[str, Any]) -> None:
    """Raise MissingValue for a required value that no layer has, TemplateFault for one that is not of its type.

    What stands in a later layer counts.
    """
    for each in variables:
        value = next((layer[each.name] for layer in reversed(layers) if each.name in layer), _ABSENT)
        if value is _ABSENT:
            if each.required:
                raise MissingValue(each.name)
        elif not each.fits(value):
            fix = f"give {each.name} as {each.type}"
            raise TemplateFault("wrong_type", f"the value of {each.name} is no {each.type}", fix=fix)
