"""``estafette serve``: the service in the foreground."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from estafette.cli.call import Usage, call


def serve(
    *,
    role: Annotated[list[str] | None, Parameter(negative="", help="Only these roles; may be repeated.")] = None,
) -> int:
    """Run all roles until SIGTERM; prints "ready" when every listener is open."""
    from estafette.base.seal import Keyring
    from estafette.config.check import refuse_to_serve
    from estafette.runtime.roles import ROLES
    from estafette.runtime.supervisor import serve as run

    unknown = [name for name in role or [] if name not in ROLES]
    if unknown:
        raise Usage(f"there is no role {unknown[0]}", place="--role", fix=f"one of {', '.join(ROLES)}")
    settings = call.settings
    refuse_to_serve(settings)
    Keyring.load(settings.secrets.keyring_file)
    return run(settings, tuple(role or ()))
