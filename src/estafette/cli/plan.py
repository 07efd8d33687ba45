"""``estafette plan``: what tenants may send, in which windows, and at what price."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App, Parameter

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.opening import office
from estafette.model.user import Language
from estafette.tenancy import features, plans

app = App(name="plan", help="What tenants may send, in which windows, and at what price.")

COLUMNS = ("name", "monthly", "daily", "hourly", "free", "price", "currency", "overage_price")


@Parameter(name="*")
class Terms:
    """The terms of a plan. Units: a recipient costs one, unless a weight says otherwise; below 0 = no limit.

    free: units used first, each free_per. overage_price: of 1,000 units beyond everything, 0 or empty = none are sold.
    weight: STREAM=UNITS, once for each stream. feature: NAME or NAME=NUMBER, once for each, see `plan features`;
    none (--empty-feature) = everything is open.
    """

    def __init__(
        self,
        *,
        monthly: int | None = None,
        daily: int | None = None,
        hourly: int | None = None,
        free: int | None = None,
        free_per: Literal["day", "month"] | None = None,
        price: str | None = None,
        currency: str | None = None,
        overage_price: str | None = None,
        weight: list[str] | None = None,
        feature: list[str] | None = None,
    ) -> None:
        given = {
            "free": free, "free_per": free_per, "price": price, "currency": currency,
            "overage_price": overage_price,
            "weights": None if weight is None else dict(map(_weight, weight)),
            "features": None if feature is None else tuple(feature),
        }  # fmt: skip
        self.fields: dict[str, object] = {field: value for field, value in given.items() if value is not None}
        for field, units in (("monthly", monthly), ("daily", daily), ("hourly", hourly)):
            if units is not None:
                self.fields[field] = units if units >= 0 else None


@app.command
def create(name: str, /, terms: Terms | None = None) -> None:
    """Make a plan; what is not given is without limit and without price."""
    with office() as room:
        output.resource(plans.create(room, name, **(terms or Terms()).fields))


@app.command(name="list")
def list_() -> None:
    """List every plan."""
    with office() as room:
        output.page(plans.list_all(room), COLUMNS)


@app.command
def show(name: str, /) -> None:
    """Show one plan."""
    with office() as room:
        output.resource(plans.show(room, name))


@app.command
def update(name: str, /, terms: Terms | None = None) -> None:
    """Change the given terms; tenants that have the plan are under them within seconds."""
    with office() as room:
        output.resource(plans.update(room, name, **(terms or Terms()).fields))


@app.command
def load(file: Path, /) -> None:
    """Make or change every plan of a TOML file; examples/plans.toml is one."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"{file} cannot be read: {error}", place="FILE", fix="name a TOML file") from error
    with office() as room:
        output.page(plans.load(room, text), COLUMNS)


@app.command(name="features")
def features_(*, language: Language = "en") -> None:
    """List what a plan may open and limit, by the name that its features use."""
    with office() as room:
        output.page(features.list_all(room), ("name", "absent", "counts", language))


@app.command
def remove(name: str, /) -> None:
    """Remove a plan that no tenant has."""
    with office() as room:
        output.resource(plans.remove(room, name))


def _weight(text: str) -> tuple[str, int]:
    stream, _, units = text.partition("=")
    if not units.isdigit():
        raise Fault(f"{text!r} is no weight", place="--weight", fix="write STREAM=UNITS, such as bulk=2")
    return stream, int(units)
