"""``estafette route`` against a real store."""

import pytest
from tests.unit.cli.test_verbs import estafette  # noqa: F401  # the fixture

from estafette.cli.main import run


@pytest.fixture
def route(estafette):  # noqa: F811
    estafette("init")
    estafette("tenant", "create", "acme")
    estafette("domain", "add", "acme.example", "--tenant", "acme")
    estafette("domain", "verify", "acme.example", "--force")

    def call(*arguments, code=0):
        return estafette("route", *arguments, code=code)

    return call


def test_a_route_lives_and_ends(route):
    made = route("create", "acme.example", "*", "--forward", "smtp://mail.acme.example", "--tenant", "acme")
    assert (made["pattern"], made["way"], made["target"]) == ("*", "forward", "smtp://mail.acme.example:25")
    assert route("list", "--tenant", "acme", "--domain", "acme.example")["items"][0]["id"] == made["id"]
    hook = route("update", made["id"], "--webhook", "https://shop.acme.example/in", "--tenant", "acme")
    assert hook["secret"].startswith("whsec_")
    assert "secret" not in route("show", made["id"], "--tenant", "acme")
    fresh = route("update", made["id"], "--new-secret", "--tenant", "acme")
    assert fresh["secret"] not in {None, hook["secret"]}
    assert route("test", "info@acme.example")["answer"] == "250"
    assert route("remove", made["id"], "--tenant", "acme")["removed"] is True
    assert route("show", made["id"], "--tenant", "acme", code=1)["error"]


def test_an_address_that_nobody_takes_fails(route, tmp_path, capsys):
    route("create", "acme.example", "old", "--reject", "", "--tenant", "acme")
    assert route("test", "old@acme.example")["answer"] == "550 5.7.1 this address takes no mail"
    assert run(["route", "test", "info@acme.example", "--config", f"{tmp_path}/estafette.toml"]) == 1
    assert "550 5.1.1" in capsys.readouterr().out


@pytest.mark.parametrize("aim", [[], ["--keep", "--reject", "no"], ["--forward", "smtp://a.example", "--keep"]])
def test_mail_of_a_route_goes_one_way(route, aim):
    route("create", "acme.example", "info", *aim, "--tenant", "acme", code=2)
    assert route("list", "--tenant", "acme")["items"] == []
