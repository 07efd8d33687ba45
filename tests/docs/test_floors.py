"""Every folder of the source has its floor, in the import contracts and in ARCHITECTURE.md."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "estafette"
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]

#: Folders for programs outside, on no floor.
SHIPPED = {"testing", "sdk"}


def _folders(place: Path) -> set[str]:
    return {each.parent.name for each in place.glob("*/__init__.py")}


def _floors() -> set[str]:
    layers = next(each["layers"] for each in CONTRACTS if each["type"] == "layers")
    return {name.strip() for layer in layers for name in layer.split("|")}


def test_every_folder_has_its_floor() -> None:
    assert _folders(SOURCE) - SHIPPED == _floors()


def test_the_architecture_shows_the_same_floors() -> None:
    shown = re.search(r"`(cli > [^`]*)`", ARCHITECTURE)
    assert shown is not None
    assert set(re.split(r"\s*[>|]\s*", shown[1])) == _floors()


def test_every_stage_of_the_relay_is_a_stranger_to_the_others() -> None:
    stages = next(each["modules"] for each in CONTRACTS if each["type"] == "independence")
    assert {name.rpartition(".")[2] for name in stages} == _folders(SOURCE / "relay")


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("estafette.testing", set[str]()), ("estafette.sdk", set[str]()), ("apsw", {"store"}), ("dns", {"net"}),
        ("fastapi", {"web"}), ("cryptography", set[str]()),
    ],
)  # fmt: skip
def test_a_contract_that_forbids_leaves_no_folder_out(library: str, doors: set[str]) -> None:
    inside = [each for each in CONTRACTS if "Pure" not in each["name"] and "SDK imports" not in each["name"]]
    found = [each for each in inside if library in each.get("forbidden_modules", ())]
    named = {name.split(".")[1] for each in found for name in each["source_modules"]}
    assert named == _floors() - doors


def test_the_sdk_may_import_nothing_inside() -> None:
    (forbidden,) = (each["forbidden_modules"] for each in CONTRACTS if each.get("source_modules") == ["estafette.sdk"])
    assert {name.split(".")[1] for name in forbidden} == _floors() | SHIPPED - {"sdk"}


def test_what_the_architecture_names_exists() -> None:
    paths = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+(?:\.py)?)`", ARCHITECTURE)) - {"journal/"}
    assert not [path for path in sorted(paths) if not any((at / path).exists() for at in (SOURCE, ROOT))]


def test_the_architecture_is_read_in_one_go() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 200
