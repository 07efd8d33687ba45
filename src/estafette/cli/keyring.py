"""``estafette keyring``: the keys under which secrets rest."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.tenancy import keyring
from estafette.tenancy.office import Resource

app = App(name="keyring", help="Keys under which secrets rest.")


@app.command(name="list")
def list_() -> None:
    """List the keys: which one seals, and how many values each holds."""
    with office() as room:
        _show(keyring.list_all(room))


@app.command
def rotate() -> None:
    """Add a key that seals from now on. The others still open what they sealed, and old links for two years."""
    with office() as room:
        _show(keyring.rotate(room))


@app.command
def reseal() -> None:
    """Seal again, with the newest key, what rests under older ones."""
    with office() as room:
        output.resource(keyring.reseal(room))


def _show(keys: Resource) -> None:
    output.page(keys, ("id", "seals", "created", "retired", "opens_until", "values"))
