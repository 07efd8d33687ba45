"""The pages about mail that comes in: their lines are typed as they stand, and say what the page says."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from estafette.cli.call import call
from estafette.cli.main import run
from estafette.config.schema import Settings

HOW_TO = Path(__file__).parents[2] / "docs/how-to"
PAGES = ("inbound.md", "inbound.fr.md")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (HOW_TO / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def estafette(tmp_path, capsys):
    file = tmp_path / "estafette.toml"
    file.write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/data"\n[secrets]\nkeyring_file = "{tmp_path}/keyring"\n'
        "[listen]\nallow_plaintext_auth = true\nsubmissions = []\n[limits]\nfree_disk = 0\n"
    )

    def typed(*words):
        assert run([*words, "--config", str(file)]) == 0, capsys.readouterr()
        return capsys.readouterr().out

    yield typed
    call.config, call.json = None, False


def test_both_languages_show_the_same_lines():
    for language in ("sh", "toml"):
        assert blocks(PAGES[0], language) == blocks(PAGES[1], language)
    names = [set(re.findall(r"`([a-z_]+\.?[a-z_]*)`", (HOW_TO / page).read_text())) for page in PAGES]
    assert names[0] == names[1]


def test_the_lines_make_the_routes_of_the_page(estafette):
    routes, looks = (text.splitlines() for text in blocks(PAGES[0], "sh"))
    for line in (
        "init",
        "tenant create acme",
        "domain add acme.example --tenant acme",
        "domain verify acme.example --force",
    ):
        estafette(*line.split())
    said = [estafette(*shlex.split(line)[1:]) for line in routes]
    assert "order-* (" in said[-2]
    assert re.search(r"answer +250", said[-2])
    for way in ("keep", "webhook", "reject", "forward"):
        assert way in said[-1]
    shown = estafette("domain", "show", "acme.example")
    assert [name for name in re.findall(r"MX +(\S+)", shown) if "acme" in name] == ["in.acme.example", "acme.example"]
    for line in looks:
        estafette(*shlex.split(line)[1:])


@pytest.mark.parametrize("page", PAGES)
def test_the_settings_of_the_page_are_settings(page):
    (text,) = blocks(page, "toml")
    assert Settings.model_validate(tomllib.loads(text)).inbound.rspamd == "http://127.0.0.1:11333"
