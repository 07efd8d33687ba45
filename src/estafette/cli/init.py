"""``estafette init``: store, keyring, first operator; harmless when they are there."""

from __future__ import annotations

import time

from estafette.base.errors import Fault
from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.opening import office
from estafette.tenancy.office import Resource


def init() -> None:
    """Create what is missing. The operator's secrets are shown once, here."""
    from estafette.base.seal import Keyring
    from estafette.store.open import folder_of, is_folder
    from estafette.store.tables.control import open_control
    from estafette.tenancy import domains, operators

    settings = call.settings
    try:
        Keyring.create(settings.secrets.keyring_file, now=time.time())
        if is_folder(settings.store.url):
            folder_of(settings.store.url).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Fault(
            f"cannot create: {error.strerror}", place=str(error.filename), fix="run as a user who may, or name another"
        ) from error
    open_control(settings.store.url, upgrade=True).close()
    with office() as room:
        made = operators.first(room)
        service = domains.add_service_keys(room)
        if made is None:
            made = {"operator": room.control.operators()[0].name, "password": None, "api_key": None}
    _show(made, service["records"])


def _show(made: Resource, records: object) -> None:
    assert isinstance(records, list)
    if call.json:
        output.document(made | {"records": records})
        return
    output.resource(made)
    print("\nDNS records of the service's own signature; it signs with this key once they are seen:")
    output.records(records)
