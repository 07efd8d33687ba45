"""``estafette completion``: the completion script of a shell."""

from __future__ import annotations

from typing import Literal


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print the script; source it from the shell's start-up file."""
    from estafette.cli.main import build

    print(build().generate_completion(shell=shell))
