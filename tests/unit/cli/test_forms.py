"""The form of what verbs say: one JSON document, lists with ``items`` and ``next``, errors with cause, place, fix."""

import json
import subprocess

import pytest

from estafette.cli.main import VERBS, run

LISTS = (
    ("config", "show"), ("tenant", "list"), ("domain", "list"), ("credential", "list"), ("suppression", "list"),
    ("audit", "list"), ("queue", "list"), ("queue", "show"), ("doctor", "receivers"), ("stream", "list", "--tenant", "acme"),
)  # fmt: skip
WRONG = (
    ('[listen]\nsubmision = ["0.0.0.0:587"]', "listen.submision", "listen.submission"),
    ('[listen]\nhttp = ["127.0.0.1:80"]\npublic = ["127.0.0.1:80"]', "listen.public", "port of its own"),
    ('[listen]\nmx = ["localhost:25"]', "listen.mx", "0.0.0.0"),
    ('[delivery]\nretry = ["soon"]', "delivery.retry.0", "2m"),
    ("[delivery]\nport = 0", "delivery.port", "25"),
    ('[tls]\nhosts = "nowhere"', "tls.hosts", "create it"),
    ('[egress.a]\nsmarthost = "smtp://joe@relay.test"', "egress.a.smarthost_password", "smarthost_password_file"),
    ('[send]\nnobodyatall = "x"', "send.nobodyatall", "local user"),
    ("[limits]\nrecipients = -1", "limits.recipients", "1000"),
    ('[service]\npublic_url = "ftp://x"', "service.public_url", "https://"),
)


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "estafette.toml"
    file.write_text(f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n')
    return file


def test_every_list_has_items_and_next(settings, capsys):
    for words in (("init",), ("tenant", "create", "acme"), *LISTS):
        assert run([*words, "--json", "--config", str(settings)]) == 0
        told = json.loads(capsys.readouterr().out)
        if words in LISTS:
            assert set(told) == {"items", "next"}, words


@pytest.mark.parametrize(("text", "place", "fix"), WRONG, ids=[row[1] for row in WRONG])
def test_a_planted_error_is_explained(tmp_path, capsys, text, place, fix):
    file = tmp_path / "estafette.toml"
    file.write_text(text)
    assert run(["config", "check", "--json", "--config", str(file)]) == 1
    told = json.loads(capsys.readouterr().err)
    found = [each for each in told.get("errors", [told["error"]]) if each["place"].startswith(place)]
    assert found, told
    assert fix in found[0]["fix"]
    assert found[0]["cause"]


@pytest.mark.parametrize("words", [["frobnicate"], ["tenant", "frobnicate"], ["credential", "create"], ["--config"]])
def test_wrong_usage_is_2(words, capsys):
    assert run(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.partition(":")[0].strip() for line in captured.err.splitlines()] == ["error", "place", "fix"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_verb(shell, capsys):
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(verb in script for verb in VERBS)


def test_bash_reads_its_completion(capsys):
    run(["completion", "bash"])
    done = subprocess.run(["bash", "-n"], input=capsys.readouterr().out.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_receivers_have_state_and_steps(settings, capsys):
    assert run(["doctor", "receivers", "--json", "--config", str(settings)]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert len(items) >= 5
    assert all(item["receiver"] and item["state"] and item["steps"] for item in items)


@pytest.mark.parametrize("words", [["ledger"], ["queue", "list"], ["events"], ["message", "show", "0SAMBV0Q00000"]])
def test_a_mistyped_store_is_not_an_empty_one(settings, tmp_path, capsys, words):
    assert run([*words, "--json", "--config", str(settings)]) == 1
    assert json.loads(capsys.readouterr().err)["error"]["place"] == f"{tmp_path}/data"
    assert not (tmp_path / "data").exists()


def test_serve_without_a_keyring_says_what_to_run(tmp_path, capsys):
    file = tmp_path / "estafette.toml"
    file.write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n"
    )
    assert run(["serve", "--config", str(file)]) == 1
    assert "estafette init" in capsys.readouterr().err


def test_what_the_machine_refuses_is_no_traceback(settings, tmp_path, capsys):
    run(["init", "--json", "--config", str(settings)])
    (tmp_path / "file").touch()
    capsys.readouterr()
    assert run(["backup", str(tmp_path / "file" / "copy"), "--json", "--config", str(settings)]) == 1
    assert set(json.loads(capsys.readouterr().err)["error"]) == {"cause", "place", "fix"}
