"""``estafette config``: what the settings are, where each came from, what is wrong with them."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.call import call

app = App(name="config", help="Check and show the settings.")


@app.command
def check() -> int:
    """Explain every error with key, value and fix; exit 0 when there is none."""
    from estafette.config.check import refuse_to_serve

    loaded = call.loaded()
    refuse_to_serve(loaded.settings)
    output.resource({"file": str(loaded.file) if loaded.file else None, "valid": True})
    return 0


@app.command
def show() -> None:
    """Show the effective settings and where each came from; secrets are masked."""
    from estafette.config.explain import explain

    output.listing((line._asdict() for line in explain(call.loaded())), ("key", "value", "origin"))
