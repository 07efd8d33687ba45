"""Pages about clients: the same code in both languages, short where they promise it, and what is run is what is shown."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs/how-to"


def blocks(page: str, kind: str = r"\w+") -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", (HOW_TO / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["python-sdk", "switch-frameworks"])
def test_both_languages_show_the_same_code(page):
    assert blocks(f"{page}.md") == blocks(f"{page}.fr.md") != []


def test_a_framework_is_switched_in_under_ten_lines():
    shown = blocks("switch-frameworks.md")
    assert len(shown) == 5
    assert max(len(block.splitlines()) for block in shown) < 10


@pytest.mark.parametrize("page", ["python-sdk.md", "switch-frameworks.md"])
def test_python_on_the_pages_compiles(page):
    for block in blocks(page, "python"):
        compile(block, page, "exec")
