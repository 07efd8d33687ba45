"""The page on classification explains every reason code, and the list it shows can be loaded."""

import re
from pathlib import Path

import pytest

from estafette.model.tracking import AGENTS
from estafette.tracking import networks
from estafette.tracking.reasons import REASONS

PAGES = Path(__file__).parents[2] / "docs/explanation"


@pytest.mark.parametrize("page", ["classification.md", "classification.fr.md"])
def test_every_class_and_reason_is_explained_and_none_that_does_not_exist(page):
    told = set(re.findall(r"^\| `([a-z_]+)", (PAGES / page).read_text(), re.MULTILINE))
    assert told == {*AGENTS, *REASONS} - {"prefetch_suspected"}
    assert "`prefetch_suspected`" in (PAGES / page).read_text()


@pytest.mark.parametrize("page", ["classification.md", "classification.fr.md"])
def test_the_list_that_is_shown_can_be_loaded(page):
    (shown,) = re.findall(r"```text\n(\[\[network.*?)```", (PAGES / page).read_text(), re.DOTALL)
    assert networks.load(more=shown.encode(), place=page).of("192.0.2.1").name == "our-proxy"
