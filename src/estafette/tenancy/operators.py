"""Operators: the people who run the service."""

from __future__ import annotations

import secrets

from estafette.base.errors import Fault
from estafette.store.interface.records import Operator
from estafette.tenancy import passwords
from estafette.tenancy.office import Office, Resource, digest, listing, moment, new_id, new_secret


def first(office: Office, name: str = "operator") -> Resource | None:
    """Make the first operator; None when there is one. The secrets are in this answer and nowhere else."""
    return None if office.control.operators() else create(office, name)


def create(office: Office, name: str) -> Resource:
    """Make an operator; AlreadyThere when the name is taken."""
    if not 0 < len(name) <= 255 or not name.isprintable() or "@" in name:
        raise Fault("a name has 1 to 255 printable characters and no @", place="NAME", fix="take another")
    password, api_key = new_secret(), f"eso_{new_secret()}"
    operator = Operator(
        id=new_id(),
        name=name,
        password_hash=passwords.hashed(password),
        api_key_sha256=digest(api_key),
        created=office.now(),
    )
    office.control.add_operator(operator, office.entry("operator.create", subject=name, after=operator))
    return {"operator": name, "password": password, "api_key": api_key}


def list_all(office: Office) -> Resource:
    """Return every operator, oldest first, without secrets."""
    found = office.control.operators()
    return listing([{"id": each.id, "name": each.name, "created": moment(each.created)} for each in found])


def by_password(office: Office, name: str, password: str) -> Operator | None:
    """Return the operator who logs in, None when name or password is wrong; both cost one argon2id."""
    found = next((each for each in office.control.operators() if each.name == name), None)
    return found if passwords.fits(password, found.password_hash if found else "") else None


def by_api_key(office: Office, api_key: str) -> Operator | None:
    """Return the operator who holds a key."""
    wanted = digest(api_key)
    return next((op for op in office.control.operators() if secrets.compare_digest(op.api_key_sha256, wanted)), None)
