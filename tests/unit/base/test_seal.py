from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.base.errors import Fault
from estafette.base.seal import Keyring, SealBroken


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring.create(tmp_path / "keyring")


def test_create_twice_keeps_the_first_keys(tmp_path: Path) -> None:
    sealed = Keyring.create(tmp_path / "deep" / "keyring").seal("dkim", b"secret")
    assert Keyring.create(tmp_path / "deep" / "keyring").open("dkim", sealed) == b"secret"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["keyring"]


def test_the_file_is_private(tmp_path: Path) -> None:
    Keyring.create(tmp_path / "keyring")
    assert (tmp_path / "keyring").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_keyring_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    Keyring.create(tmp_path / "keyring")
    (tmp_path / "keyring").chmod(mode)
    with pytest.raises(Fault) as caught:
        Keyring.load(tmp_path / "keyring")
    assert "chmod 600" in caught.value.fix


def test_a_missing_keyring_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        Keyring.load(tmp_path / "none")
    assert "init" in caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"version":1,"keys":[]}',
        '{"version":2,"keys":[{"id":1,"secret":"AA=="}]}',
        '{"version":1,"keys":[{"id":1,"secret":"AA=="}]}',
        '{"version":1,"keys":[{"id":1,"secret":"*"}]}',
        json.dumps({"version": 1, "keys": [{"id": 900, "secret": base64.b64encode(bytes(32)).decode()}]}),
    ],
)
def test_a_damaged_keyring_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keyring"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Fault, match="damaged"):
        Keyring.load(path)


def test_sealed_values_are_bound_to_purpose_and_context(ring: Keyring) -> None:
    sealed = ring.seal("dkim", b"key", b"tenant/domain")
    assert ring.open("dkim", sealed, b"tenant/domain") == b"key"
    for purpose, context in [("link", b"tenant/domain"), ("dkim", b"other/domain")]:
        with pytest.raises(SealBroken):
            ring.open(purpose, sealed, context)


def test_every_changed_octet_is_noticed(ring: Keyring) -> None:
    sealed = ring.seal("dkim", b"key")
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        with pytest.raises(SealBroken):
            ring.open("dkim", bytes(damaged))


def test_a_retired_key_still_opens_and_verifies(ring: Keyring) -> None:
    sealed, tag = ring.seal("dkim", b"old"), ring.mac("return-path", b"data")
    newer = ring.rotate(now=5.0)
    assert newer.open("dkim", sealed) == b"old"
    assert newer.verify("return-path", b"data", tag)
    assert newer.mac("return-path", b"data") != tag


def test_a_tag_fits_its_purpose_and_data_only(ring: Keyring) -> None:
    tag = ring.mac("return-path", b"data", length=12)
    assert len(tag) == 12
    assert ring.verify("return-path", b"data", tag)
    assert not ring.verify("return-path", b"date", tag)
    assert not ring.verify("link", b"data", tag)
    assert not ring.verify("return-path", b"data", tag[:6])


_ring = None


@given(st.binary(max_size=64))
def test_no_octets_verify_or_open_by_chance(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    global _ring  # noqa: PLW0603 - one keyring for all examples
    _ring = _ring or Keyring.create(tmp_path_factory.mktemp("ring") / "keyring")  # type: ignore[redundant-expr]  # set by the first example
    assert not _ring.verify("return-path", b"data", noise)
    with pytest.raises(SealBroken):
        _ring.open("dkim", noise)


def test_a_key_added_by_another_process_is_found(tmp_path: Path) -> None:
    mine = Keyring.create(tmp_path / "keyring")
    other = Keyring.load(tmp_path / "keyring").rotate(now=5.0)
    assert (mine.current, other.current) == (1, 2)
    assert mine.open("dkim", other.seal("dkim", b"secret", b"row"), b"row") == b"secret"
    assert mine.verify("links", b"data", other.mac("links", b"data"))
    assert [(age.id, age.retired) for age in mine.ages()] == [(1, 5.0), (2, None)]


def test_a_ring_whose_file_is_gone_keeps_what_it_has(tmp_path: Path) -> None:
    mine = Keyring.create(tmp_path / "keyring")
    sealed = mine.seal("dkim", b"secret")
    (tmp_path / "keyring").write_text("nonsense")
    with pytest.raises(SealBroken):
        mine.open("dkim", bytes((sealed[0], 77)) + sealed[2:])
    assert mine.open("dkim", sealed) == b"secret"
