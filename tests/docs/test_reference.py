"""The reference lists every setting, verb, event kind and endpoint."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]  # a file beside
_spec.loader.exec_module(generate)


@pytest.mark.parametrize("page", generate.PAGES)
def test_page_follows_the_code(page):
    written = (ROOT / "docs" / "reference" / f"{page}.md").read_text()
    assert written == generate.NOTE + generate.PAGES[page](), "run docs/generate.py"


def test_journey_table_is_in_the_architecture():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert generate.journey() in text
    assert len(text.splitlines()) <= 200


def test_decisions_are_short():
    for record in (ROOT / "docs/explanation/decisions").glob("*.md"):
        assert len(record.read_text().splitlines()) < 70, record


def test_links_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_verbs_of_the_readme_exist():
    from estafette.cli.main import VERBS

    for name in ("README.md", "README.fr.md"):
        verbs = re.findall(r"^estafette (\w+)", (ROOT / name).read_text(), re.MULTILINE)
        assert verbs
        assert set(verbs) <= set(VERBS)
