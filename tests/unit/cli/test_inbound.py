"""Mail that came in on the command line: found, read by a person without harm, and printed as it was sent."""

from __future__ import annotations

import asyncio
import json
import time

import msgspec
import pytest
from tests.contract.kit import START, mint, submission
from tests.prepared import control_in

from estafette.base.ids import show
from estafette.base.seal import Keyring
from estafette.cli.main import run
from estafette.model.event import Event, pack
from estafette.store.open import open_store
from estafette.tenancy import tenants
from estafette.tenancy.office import Office

LETTER = b"From: Zoe <zoe@example.com>\r\nSubject: \x1b[2Jhi\r\n\r\nHello \x1b[31mred\r\n"


@pytest.fixture
def folder(tmp_path):
    control = control_in(tmp_path / "data")
    office = Office(control=control, keyring=Keyring.create(tmp_path / "keyring"), now=time.time)
    for name in ("acme", "rival"):
        tenants.create(office, name)
    control.close()
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
        '[service]\napi_url = "https://api.acme.example/"\n'
    )
    return tmp_path


@pytest.fixture
def estafette(folder, capfdbinary):
    def call(*arguments, code=0):
        assert run([*arguments, "--config", str(folder / "estafette.toml")]) == code
        out, err = capfdbinary.readouterr()
        return out if code == 0 else err.decode()

    return call


def came(folder, tenant, *addresses, handed=False):
    async def write():
        store = await open_store(f"sqlite://{folder}/data", free_disk=0)
        kept = submission(retention=7e9, kind="inbound", stream="", tenant=tenant).content
        fields = {"sender": "zoe@example.com", "subject": "hi", "source": "192.0.2.9", "handed": handed}
        kept = msgspec.structs.replace(kept, body=LETTER, size=len(LETTER), came_to=addresses, route="r1", **fields)
        await store.spool.keep_return(kept, b"")
        facts = [
            Event(
                id=mint.next(), at=START, kind="inbound", tenant=tenant, stream="", message=kept.id, number=number,
                recipient=each, reason="keep", route="r1", source="192.0.2.9", size=kept.size,
            )
            for number, each in enumerate(addresses, 1)
        ]  # fmt: skip
        await store.spool.record([pack(each) for each in facts])
        await store.close()
        return show(kept.id)

    return asyncio.run(write())


def ids_of(estafette):
    found = json.loads(estafette("tenant", "list", "--json"))
    return {each["name"]: each["id"] for each in found["items"]}


def test_it_is_listed_shown_and_printed_as_it_was_sent(folder, estafette):
    owner = ids_of(estafette)["acme"]
    first = came(folder, owner, "a@acme.example")
    second = came(folder, owner, "b@acme.example")
    listed = json.loads(estafette("inbound", "list", "--tenant", "acme", "--limit", "1", "--json"))
    assert [each["id"] for each in listed["items"]] == [second]
    rest = json.loads(estafette("inbound", "list", "--tenant", "acme", "--after", listed["next"], "--json"))
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([first], None)
    table = estafette("inbound", "list", "--tenant", "acme", "--recipient", "a@acme.example", "--route", "r1").decode()
    assert first in table
    assert second not in table
    told = json.loads(estafette("inbound", "show", first, "--tenant", "acme", "--json"))
    assert (told["mail"]["from"], told["raw"]) == (
        "Zoe <zoe@example.com>", f"https://api.acme.example/v1/inbound/{first}/raw",
    )  # fmt: skip
    text = estafette("inbound", "show", first, "--tenant", "acme")
    assert b"Hello" in text
    assert b"\x1b" not in text
    assert estafette("inbound", "show", first, "--tenant", "acme", "--raw") == LETTER


def test_what_is_another_companys_gone_or_no_id_is_not_found(folder, estafette):
    owners = ids_of(estafette)
    foreign = came(folder, owners["rival"], "x@rival.example")
    handed = came(folder, owners["acme"], "x@acme.example", handed=True)
    assert "no message" in estafette("inbound", "show", foreign, "--tenant", "acme", code=1)
    assert "not kept" in estafette("inbound", "show", handed, "--tenant", "acme", "--raw", code=1)
    assert "no message id" in estafette("inbound", "show", "x", "--tenant", "acme", code=2)
    assert "no cursor" in estafette("inbound", "list", "--tenant", "acme", "--after", "-1", code=2)
    assert "no moment" in estafette("inbound", "list", "--tenant", "acme", "--since", "monday", code=2)
