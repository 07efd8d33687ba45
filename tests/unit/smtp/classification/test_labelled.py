"""How often the rules are right: on labelled replies, and on the third of them that no rule was written by."""

from hashlib import sha256
from pathlib import Path

import pytest

from estafette.smtp.classification import classify, vocabulary
from estafette.smtp.classification.written import written

FILE = Path(__file__).parents[3] / "data" / "replies" / "labelled.psv"
ROWS = [line.split("|", 4) for line in FILE.read_text("utf-8").splitlines()]
HELD_OUT = {row[4] for row in ROWS if sha256(row[4].encode()).digest()[0] % 3 == 0}


def _told(row):
    said = written(row[4])
    return classify(said.code, said.enhanced, said.text, row[1])


def _address(row):
    return row[3] in "RD", row[3] in "Rr"


def _shares(rows):
    told = [(row, _told(row)) for row in rows]
    address = sum(_address(row) == (found.suppress, found.scope == "recipient") for row, found in told)
    category = sum(row[2] == found.category for row, found in told)
    return address / len(rows), category / len(rows)


def test_the_set_is_large_and_well_formed():
    assert len(ROWS) >= 300
    assert len(ROWS) / 4 < len(HELD_OUT) < len(ROWS) / 2
    assert {row[2] for row in ROWS} <= set(vocabulary())
    assert {row[3] for row in ROWS} == {"R", "r", "D", "-"}
    assert len({row[4] for row in ROWS}) == len(ROWS)
    tags = {
        line.split("|")[1].strip() for line in (FILE.parent / "README.md").read_text().splitlines() if line[:2] == "| "
    }
    assert {row[0] for row in ROWS} <= tags


@pytest.mark.parametrize("held_out", [False, True])
def test_addresses_and_categories_are_right_often_enough(held_out):
    address, category = _shares([row for row in ROWS if (row[4] in HELD_OUT) == held_out])
    assert address >= 0.97
    assert category >= 0.90


def test_nobody_is_suppressed_for_what_is_not_about_him():
    wrong = [row for row in ROWS if row[3] == "-" and _told(row).suppress]
    assert len(wrong) <= len(ROWS) // 200
