"""``estafette user``: people of a tenant and their roles."""

from __future__ import annotations

from cyclopts import App

from estafette.cli import output
from estafette.cli.opening import office
from estafette.model.user import Language, Role
from estafette.store.interface.page import Page
from estafette.tenancy import invitations, second_factor, sessions, users

app = App(name="user", help="People of a tenant and their roles.")
COLUMNS = ("id", "email", "name", "role", "tenant", "totp", "verified", "disabled", "created")


@app.command
def create(email: str, /, *, tenant: str, role: Role, name: str = "", language: Language | None = None) -> None:
    """Make a user, or a user a member; a new one's password is shown once, here."""
    with office() as room:
        output.resource(users.create(room, tenant, email, role, name=name, language=language))


@app.command
def invite(email: str, /, *, tenant: str, role: Role, language: Language | None = None) -> None:
    """Mail a link that makes its reader a member; it leaves while the service runs."""
    with office() as room:
        output.resource(invitations.create(room, tenant, email, role, language=language))


@app.command(name="invitations")
def invitations_(*, tenant: str, limit: int = 1000, after: str = "") -> None:
    """List the invitations of a tenant."""
    with office() as room:
        found = invitations.list_all(room, tenant, page=Page(limit=limit, after=after))
        output.page(found, ("id", "email", "role", "by", "status", "expires"))


@app.command(name="list")
def list_(*, tenant: str = "", role: str = "", limit: int = 1000, after: str = "") -> None:
    """List the users of a tenant, or of the service."""
    with office() as room:
        output.page(users.list_all(room, tenant, page=Page(limit=limit, after=after), role=role), COLUMNS)


@app.command
def show(user: str, /, *, tenant: str) -> None:
    """Show one user of a tenant, by id or address."""
    with office() as room:
        output.resource(users.show(room, tenant, user))


@app.command
def update(user: str, /, *, tenant: str, role: Role) -> None:
    """Give a user another role in a tenant."""
    with office() as room:
        output.resource(users.update(room, tenant, user, role=role))


@app.command
def remove(user: str, /, *, tenant: str = "") -> None:
    """Take a user out of a tenant; without --tenant out of the service, with everything that is theirs."""
    with office() as room:
        output.resource(users.remove(room, tenant, user) if tenant else users.erase(room, user))


@app.command
def disable(user: str, /) -> None:
    """Let nobody log in as this user any more."""
    with office() as room:
        output.resource(users.disable(room, user))


@app.command
def enable(user: str, /) -> None:
    """Let the user log in again."""
    with office() as room:
        output.resource(users.enable(room, user))


@app.command
def logout(user: str, /) -> None:
    """End every session of a user, at once everywhere."""
    with office() as room:
        output.resource(sessions.end_all(room, user))


@app.command
def factor(user: str, /) -> None:
    """Take the second factor away from who has lost the device and every recovery code."""
    with office() as room:
        found = users.person(room, user)
        second_factor.remove(room, found, "")
        output.resource({"id": found.id, "email": found.email, "totp": False})
