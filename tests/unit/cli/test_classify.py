"""``estafette classify`` and ``reclassify``: replies on the command line, on stdin and in the log."""

import asyncio
import io
import json

import pytest
from tests.contract.kit import event
from tests.prepared import control_in

from estafette.cli.main import run
from estafette.model.event import Reply
from estafette.smtp.classification import rulebook
from estafette.store.open import open_store

FIELDS = ["category", "action", "scope", "suppress", "rule"]


def test_one_reply(capsys):
    assert run(["classify", "550 5.1.1 User unknown"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == FIELDS
    assert told == {
        "category": "invalid_recipient", "action": "fail", "scope": "recipient", "suppress": True,
        "rule": "text.invalid_recipient",
    }  # fmt: skip


def test_words_need_no_quotes_and_the_phase_counts(capsys):
    assert run(["classify", "--phase", "mail", "550", "5.1.1", "User", "unknown"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["category"], told["suppress"]) == ("sender_rejected", False)


def test_replies_on_stdin_get_a_line_each(capsys, monkeypatch):
    lines = [b"452 4.2.2 mailbox full", b"", b"\xff\xfe\x00", b"554 " + b"x" * 100_000, b"421 4.7.0 [TSS04] Messages"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\r\n".join(lines))))
    assert run(["classify", "-"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(told) == len(lines)
    assert told[0]["category"] == "mailbox_full"
    assert told[-1]["category"] == "reputation_block"


@pytest.mark.parametrize("arguments", [["classify"], ["classify", "--phase", "lunch", "550 x"]])
def test_a_wrong_line_is_told(arguments, capsys):
    assert run(arguments) == 2
    assert capsys.readouterr().err


@pytest.fixture
def folder(tmp_path):
    control_in(tmp_path / "data").close()
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )
    facts = [event(7, 1, "queued")]
    facts += [
        event(7, n, "bounced", reply=Reply(550, "5.1.1", f"<u{n}@b.c>: User unknown"), reason="rcpt_refused")
        for n in (1, 2, 3)
    ]

    async def write():
        store = await open_store(f"sqlite://{tmp_path}/data", free_disk=0)
        await store.spool.record(facts)
        await store.close()

    asyncio.run(write())
    return tmp_path


@pytest.fixture
def candidate(tmp_path):
    """Shipped rules, but for one that nobody wants live."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for name in rulebook.FILES:
        text = rulebook.resources.files("estafette.smtp.classification").joinpath(name).read_text("utf-8")
        (rules / name).write_text(text)
    generic = (rules / "generic.toml").read_text()
    bad = '[[rule]]\nname = "mine"\ncategory = "mailbox_full"\ntexts = ["user unknown"]\nexamples = []\n\n[[rule]]'
    (rules / "generic.toml").write_text(generic.replace("[[rule]]", bad, 1))
    return rules


def test_a_candidate_is_replayed_over_the_log(folder, candidate, capsys):
    command = ["reclassify", "--rules", str(candidate), "--config", str(folder / "estafette.toml")]
    assert run([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["looked_at"], told["changed"]) == (3, 3)
    [change] = told["changes"]
    assert (change["was"]["category"], change["is"]["category"], change["replies"]) == (
        "invalid_recipient",
        "mailbox_full",
        3,
    )
    assert run(command) == 0
    assert "invalid_recipient (recipient), suppresses -> mailbox_full (recipient)" in capsys.readouterr().out


def test_rules_that_are_none_are_told(folder, candidate, capsys):
    (candidate / "codes.toml").write_text("tier = 'enhanced'\nrule = 7\n")
    assert run(["reclassify", "--rules", str(candidate), "--config", str(folder / "estafette.toml")]) == 1
    assert "these are no rules" in capsys.readouterr().err
