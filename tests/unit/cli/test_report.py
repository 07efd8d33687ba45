"""``estafette report``: files taken and shown while no service runs."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time

import pytest
from tests.unit.mail.test_receivers import zipped
from tests.unit.web import test_reports

from estafette.cli.main import run


def recent(name: str = "google.xml") -> bytes:
    """A report of yesterday, as the machine's clock has it: verbs read no other."""
    return test_reports.recent(name, today=int(time.time()) // 86_400 * 86_400)


@pytest.fixture
def estafette(tmp_path, capsys):
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
        '[[egress.main.source]]\naddress = "192.0.2.10"\n'
    )

    def call(*arguments, code=0, plain=False):
        form = [] if plain else ["--json"]
        assert run([*arguments, *form, "--config", str(tmp_path / "estafette.toml")]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out if plain else (json.loads(said.out) if said.out else json.loads(said.err))

    call("init")
    for name in ("acme", "rival"):
        call("tenant", "create", name)
        call("domain", "add", f"{name}.example", "--tenant", name)
        call("domain", "verify", f"{name}.example", "--force")
    return call


def test_files_are_taken_whatever_their_form_and_shown(estafette, tmp_path, monkeypatch):
    for name, octets in (("a.zip", zipped(("r.xml", recent()))), ("b.xml.gz", gzip.compress(recent("microsoft.xml")))):
        (tmp_path / name).write_bytes(octets)
    files = [str(tmp_path / name) for name in ("a.zip", "b.xml.gz", "a.zip")]
    assert [each["state"] for each in estafette("report", "import", *files)["items"]] == ["new", "new", "known"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(recent("yahoo.xml"))))
    assert [each["state"] for each in estafette("report", "import", "-", "--tenant", "rival")["items"]] == ["foreign"]

    listed = estafette("report", "list", "--tenant", "acme")["items"]
    assert {each["reporter"] for each in listed} == {"google.com", "Enterprise Outlook"}
    assert estafette("report", "list", "--tenant", "rival")["items"] == []
    (google,) = [each["id"] for each in listed if each["reporter"] == "google.com"]
    assert [row["ours"] for row in estafette("report", "show", google)["rows"]] == [True, False]
    table = estafette("report", "show", google, plain=True)
    assert "192.0.2.10" in table
    assert "messages     44" in table
    assert "own" in estafette("report", "sources", "--domain", "acme.example", plain=True)
    (day,) = estafette("report", "days", "--tenant", "acme")["items"]
    assert (day["messages"], day["ours"], day["ours_passed"]) == (51, 41, 41)


def test_a_file_that_is_none_is_told_and_the_others_are_taken(estafette, tmp_path):
    (tmp_path / "bad.gz").write_bytes(gzip.compress(gzip.compress(b"x")))
    (tmp_path / "good.xml").write_bytes(recent())
    files = [str(tmp_path / name) for name in ("bad.gz", "good.xml")]
    assert "good.xml" in estafette("report", "import", *files, code=1, plain=True)
    assert len(estafette("report", "list")["items"]) == 1
    estafette("report", "import", code=2)
    estafette("report", "import", str(tmp_path / "none.xml"), code=1)
    estafette("report", "show", "0000000000000", code=1)
