"""Forgetting a person on the command line, while no service runs."""

import json
import re

import pytest

from estafette.cli.main import run


@pytest.fixture
def estafette(tmp_path, capsys):
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )

    def call(*arguments):
        assert run([*arguments, "--json", "--config", str(tmp_path / "estafette.toml")]) == 0, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    return call


def test_a_person_is_forgotten_and_the_list_still_knows_it(estafette, tmp_path):
    estafette("init")
    estafette("tenant", "create", "acme")
    estafette("suppression", "create", "ann@far.example", "--tenant", "acme")
    told = estafette("person", "erase", "Ann@far.example", "--tenant", "acme")
    assert (told["suppressions"], told["events"], told["audit"]) == (1, 0, 1)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and b"ann@far" in path.read_bytes()]
    (entry,) = estafette("suppression", "list", "--tenant", "acme", "--address", "ann@far.example")["items"]
    assert re.fullmatch("person:[0-9a-f]{24}", entry["address"])
    assert entry["reason"] == "erased"
    assert estafette("audit", "list")["items"][0]["subject"] == told["tombstone"]
