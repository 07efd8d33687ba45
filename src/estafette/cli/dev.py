"""``estafette dev``: everything in one command; mail is captured, not sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

FOLDER = Path(".estafette-dev")


def dev(
    *,
    data: Annotated[Path, Parameter(help="Folder for everything that is kept.")] = FOLDER,
    smtp_port: Annotated[int, Parameter(help="Port for SMTP.")] = 1025,
    http_port: Annotated[int, Parameter(help="Port for API and page.")] = 8025,
    public_port: Annotated[int, Parameter(help="Port for links in mail; 0 = 8026, or a free one.")] = 0,
) -> int:
    """Run everything on 127.0.0.1 and print how to use it."""
    from estafette.runtime.dev import run

    usual = 8026 if (smtp_port, http_port) == (1025, 8025) else 0
    return run(data, smtp_port, http_port, public_port or usual)
