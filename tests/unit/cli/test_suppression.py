"""Lists on the command line, while no service runs."""

import pytest

from estafette.cli.main import run


@pytest.fixture
def estafette(tmp_path, capsys):
    (tmp_path / "estafette.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )

    def call(*arguments, code=0, json=True):
        form = ["--json"] if json else []
        assert run([*arguments, *form, "--config", str(tmp_path / "estafette.toml")]) == code, capsys.readouterr()
        return capsys.readouterr()

    return call


def test_a_list_comes_in_goes_out_and_is_released(estafette, tmp_path):
    estafette("init")
    estafette("tenant", "create", "acme")
    file = tmp_path / "bounces.csv"
    file.write_text("status,reason,email,created\n5.1.1,no such user,A@far.example,1700000000\n,,nobody,1\n")
    told = estafette("import-suppressions", str(file)).out
    assert '"form": "sendgrid-bounces", "taken": 1, "added": 1, "refused": 1' in told
    estafette("suppression", "create", "*@gone.example", "--tenant", "acme", "--lasts", "30d")
    out = estafette("suppression", "export", "--tenant", "acme", json=False).out
    assert "a@far.example,,bounced,2023-11-14T22:13:20Z,,,,5.1.1 no such user," in out
    estafette("tenant", "create", "other")
    assert "several tenants" in estafette("import-suppressions", str(file), code=2).err
    names = tmp_path / "names.txt"
    names.write_text("a@far.example\n*@gone.example\nnobody@far.example\n")
    assert '"asked": 3, "removed": 2' in estafette("suppression", "release", str(names), "--tenant", "acme").out
    assert '"items": []' in estafette("suppression", "list", "--tenant", "acme").out
    assert "suppression.import" in estafette("audit", "list").out
