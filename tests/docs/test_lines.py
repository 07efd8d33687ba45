"""The shell lines of README and tutorial do what the page says: they are run here as they stand."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from tests.servers.dev import Dev
from tests.servers.service import ESTAFETTE, Service

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.fr.md")


def blocks(page: str) -> list[str]:
    """Return the shell blocks of a page, without the indent of a list."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def commands(page: str) -> list[list[list[str]]]:
    """Return the words of each line of each block; comments are for the reader."""
    return [[shlex.split(line, comments=True) for line in block.splitlines()] for block in blocks(page)]


def test_both_languages_show_the_same_lines():
    assert commands(READMES[0]) == commands(READMES[1])


@pytest.mark.parametrize("page", READMES)
def test_the_first_line_starts_dev(page):
    (line,) = blocks(page)[0].splitlines()
    planned = subprocess.run(
        [*shlex.split(line), "--dry-run", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True
    )
    assert planned.stdout.splitlines()[-1] == f"{ESTAFETTE.relative_to(ROOT)} dev"


@pytest.mark.parametrize("tool", ["swaks", "curl"])
def test_the_tutorial_tells_the_story_of_a_mail(folder, servers, tool):
    (block,) = blocks("docs/tutorial/first-mail.md")
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/estafette").symlink_to(ESTAFETTE)
    with Dev(folder) as dev:
        said = dev.shell(dev.line(tool))
        identity = re.search(r'queued as (\w+)|"id": *"(\w+)"', said)
        assert identity is not None, said
        told = dev.shell(block.replace(" ID\n", f" {identity[1] or identity[2]}\n"))
    assert "queued" in told
    assert (identity[1] or identity[2]) in told


@pytest.mark.parametrize("page", READMES)
def test_the_lines_for_real_mail_lead_to_a_service(folder, certificates, dns, page):
    """In order, with the printed records published; what stands after ``serve`` runs beside it."""
    (lines,) = (each for each in commands(page) if ["estafette", "serve"] in each)
    with Service(folder / "service", certificates, dns=dns.at) as service:
        for _, *words in lines:
            if words == ["serve"]:
                service.start()
            elif words == ["doctor"]:
                assert b"keyring" in service.run(*words, check=False).stdout, "a rig has no PTR: doctor may complain"
            else:
                made = service.cli(*words)
                records = made.get("records", []) if isinstance(made, dict) else []
                dns.add((each["name"], each["type"], each["value"]) for each in records if each["type"] == "TXT")
        assert service.running
        assert service.cli("domain", "list")["items"][0]["status"] == "verified"
