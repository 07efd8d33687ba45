"""Verbs against a real store in a folder of their own."""

import json

import pytest

from estafette.cli.call import Usage, split
from estafette.cli.main import run


@pytest.fixture
def estafette(tmp_path, capsys):
    file = tmp_path / "estafette.toml"
    file.write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )

    def call(*arguments, code=0):
        assert run([*arguments, "--json", "--config", str(file)]) == code, capsys.readouterr()
        captured = capsys.readouterr()
        return json.loads(captured.err if code else captured.out)

    return call


def test_shared_options_stand_anywhere():
    rest, found = split(["--json", "queue", "--config", "a.toml", "list", "--", "--json"])
    assert (rest, found.json, found.config) == (["queue", "list", "--", "--json"], True, "a.toml")
    with pytest.raises(Usage):
        split(["--config"])


def test_init_is_idempotent_and_shows_secrets_once(estafette):
    first = estafette("init")
    assert {"operator", "password", "api_key"} <= set(first)
    assert len(first["password"]) >= 26
    assert estafette("init")["password"] is None


def test_tenant_domain_credential(estafette, tmp_path):
    estafette("init")
    tenant = estafette("tenant", "create", "acme")
    assert estafette("tenant", "list")["items"] == [tenant]
    assert len(tenant["id"]) == 13
    domain = estafette("domain", "add", "Acme.Example", "--tenant", "acme")
    assert (domain["domain"], domain["status"]) == ("acme.example", "pending")
    assert {"type", "name", "value", "purpose"} == set(domain["records"][0])
    assert estafette("domain", "verify", "acme.example", "--force")["status"] == "verified"
    made = estafette(
        "credential", "create", "--tenant", "acme", "--from", "ann@acme.example", "--network", "192.0.2.0/24"
    )
    assert {"username", "password", "api_key"} <= set(made)
    listed = estafette("credential", "list")["items"][0]
    assert "password" not in listed
    assert listed["networks"] == ["192.0.2.0/24"]
    assert estafette("credential", "remove", made["username"])["revoked"].endswith("Z")
    actions = [entry["action"] for entry in estafette("audit", "list")["items"]]
    assert "domain.verify.force" in actions


def test_the_keyring_turns_over(estafette):
    estafette("init")
    assert [key["seals"] for key in estafette("keyring", "rotate")["items"]] == [False, True]
    assert estafette("keyring", "reseal") == {"values": 2, "resealed": 2, "unreadable": 0}
    assert [key["values"] for key in estafette("keyring", "list")["items"]] == [0, 2]


def test_administration_works_on_a_shared_database_and_serve_says_why_not(tmp_path, capsys, postgres, database):
    file = tmp_path / "estafette.toml"
    file.write_text(
        f'[store]\nurl = "{database}"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n"
    )

    def call(*arguments, code=0):
        assert run([*arguments, "--json", "--config", str(file)]) == code, capsys.readouterr()
        captured = capsys.readouterr()
        assert "secret@" not in captured.out + captured.err
        return json.loads(captured.err if code else captured.out)

    assert call("init")["operator"] == "operator"
    tenant = call("tenant", "create", "acme")
    assert call("tenant", "list")["items"] == [tenant]
    assert call("migrate") == {"store": call("migrate")["store"], "current": True, "filled": False}
    for verb in (["serve"], ["queue", "list"]):
        error = call(*verb, code=1)["error"]
        assert error["place"] == "store.url"
        assert "control data" in error["cause"]


def test_errors_are_cause_place_fix_and_exit_codes(estafette):
    estafette("init")
    error = estafette("tenant", "show", "nobody", code=1)["error"]
    assert set(error) == {"cause", "place", "fix"}
    assert estafette("queue", "list", "--bogus", code=2)["error"]["cause"]
    assert estafette("queue", "show", "not-an-id", code=2)["error"]["fix"]
    assert estafette("queue", "cancel", code=2)["error"]["fix"].startswith("name a filter")


def test_queue_rules_are_audited_and_released(estafette):
    estafette("init")
    tenant = estafette("tenant", "create", "acme")
    held = estafette("queue", "hold", "--tenant", "acme", "--reason", "checking")
    assert held["filter"] == {"tenant": tenant["id"]}
    assert estafette("queue", "release", "--all") == {"released": 1}
    acts = [entry["action"] for entry in estafette("audit", "list", "--tenant", "acme")["items"]]
    assert "queue.hold" in acts
    assert estafette("queue", "list") == {"items": [], "next": None}
    assert estafette("ledger")["balanced"] is True


@pytest.mark.parametrize("verb", ["cancel", "purge"])
def test_what_ends_mail_that_waits_names_none_that_is_accepted_later(estafette, verb):
    """Ids cannot say so: those of a process that just started, as this verb's is, lie ahead of its clock."""
    estafette("init")
    made = estafette("queue", verb, "--all")
    assert made["filter"] == {"accepted_before": made["created"]}


def test_backup_and_restore(estafette, tmp_path):
    estafette("init")
    estafette("tenant", "create", "acme")
    copy = tmp_path / "copy"
    assert estafette("backup", str(copy))["keys"] is False
    assert not (copy / "keyring").exists()
    assert "already" in estafette("restore", str(copy), code=1)["error"]["cause"]
    (tmp_path / "data").rename(tmp_path / "old")
    assert estafette("restore", str(copy))["queue"] == "hold"
    assert [each["name"] for each in estafette("tenant", "list")["items"]] == ["acme"]


def test_config_show_has_origins(estafette):
    items = {item["key"]: item for item in estafette("config", "show")["items"]}
    assert items["limits.free_disk"]["origin"].endswith("estafette.toml")
    assert items["delivery.port"]["origin"] == "default"


def test_features_of_plans(estafette):
    estafette("init")
    estafette("plan", "create", "small", "--feature", "domains=1", "--feature", "oidc")
    estafette("tenant", "create", "acme", "--plan", "small")
    estafette("domain", "add", "acme.example", "--tenant", "acme")
    error = estafette("domain", "add", "second.example", "--tenant", "acme", code=1)["error"]
    assert error["cause"] == "the plan small allows 1 of domains: sending domains"
    assert "estafette plan list" in error["fix"]
    assert estafette("plan", "update", "small", "--empty-feature")["features"] == []
    estafette("domain", "add", "second.example", "--tenant", "acme")
    assert "domains" in [each["name"] for each in estafette("plan", "features")["items"]]


def test_bounds_of_a_credential_are_given_left_and_lifted(estafette):
    estafette("init")
    estafette("tenant", "create", "acme")
    bounds = (
        "--per-hour",
        "5",
        "--recipient",
        "a@b.example",
        "--recipient",
        "c.example",
        "--only-from",
        "192.0.2.0/24",
    )
    made = estafette("credential", "create", "--tenant", "acme", *bounds)
    held = estafette("credential", "show", made["username"])
    wanted = {"per_hour": 5, "recipients": ["a@b.example", "c.example"], "only_from": ["192.0.2.0/24"]}
    assert {name: held[name] for name in wanted} == wanted
    changed = estafette(
        "credential", "update", made["username"], "--per-day", "9", "--per-hour", "-1", "--recipient", ""
    )
    assert (changed["per_hour"], changed["per_day"], changed["recipients"]) == (None, 9, [])
    assert changed["only_from"] == ["192.0.2.0/24"]


def test_mail_of_a_suspension_is_released_by_a_verb_of_its_own(estafette):
    estafette("init")
    estafette("tenant", "create", "acme")
    made = estafette("suspension", "create", "--tenant", "acme", "--stream", "bulk")
    assert estafette("suspension", "release", made["id"])["mail_kept_until"] is None
    assert [each["id"] for each in estafette("suspension", "list")["items"]] == [made["id"]]


def test_the_language_of_a_tenant(estafette):
    estafette("init")
    assert estafette("tenant", "create", "lune", "--language", "fr")["language"] == "fr"
    assert estafette("user", "invite", "a@lune.example", "--tenant", "lune", "--role", "owner")["language"] == "fr"
    assert estafette("tenant", "update", "lune", "--language", "")["language"] == ""
    assert estafette("tenant", "update", "lune", "--language", "de", code=2)["error"]["cause"]


def test_control_data_moves_from_a_folder_to_a_shared_database(estafette, tmp_path, capsys, postgres, database):
    estafette("init")
    tenant = estafette("tenant", "create", "acme")
    estafette("backup", str(tmp_path / "copy"))
    file = tmp_path / "shared.toml"
    file.write_text(
        f'[store]\nurl = "{database}"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n"
    )

    def shared(*arguments, code=0):
        assert run([*arguments, "--json", "--config", str(file)]) == code
        captured = capsys.readouterr()
        return json.loads(captured.err if code else captured.out)

    assert shared("migrate", "--fill", str(tmp_path / "copy"))["filled"] is True
    assert shared("tenant", "list")["items"] == [tenant]
    assert "in use" in shared("migrate", "--fill", str(tmp_path / "copy"), code=1)["error"]["cause"]
    assert "no copy" in shared("migrate", "--fill", str(tmp_path / "nowhere"), code=1)["error"]["cause"]
