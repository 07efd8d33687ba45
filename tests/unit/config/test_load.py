"""Settings: layers, origins, faults with key and fix."""

import json
import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.config.check import findings
from estafette.config.explain import explain
from estafette.config.load import Misconfigured, load
from estafette.config.schema import Settings


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "estafette.toml"
    path.write_text(
        '[listen]\nmx = ["127.0.0.1:2525"]\n[delivery]\nexpire = "2d"\n[egress.main]\nbandwidth = "20Mbit/s"\n'
    )
    return path


def test_defaults_page_equals_schema():
    text = resources.files("estafette.config").joinpath("defaults.toml").read_text()
    assert Settings.model_validate(tomllib.loads(text)) == Settings()


def test_environment_wins_over_file_and_origins_are_known(file):
    loaded = load(str(file), {"ESTAFETTE_DELIVERY__EXPIRE": "3d", "ESTAFETTE_LISTEN__HTTP": '["[::1]:80"]'})
    assert loaded.settings.delivery.expire == 3 * 86400
    assert loaded.settings.listen.mx == [("127.0.0.1", 2525)]
    assert loaded.settings.listen.http == [("::1", 80)]
    origins = {line.key: line.origin for line in explain(loaded)}
    assert origins["delivery.expire"] == "ESTAFETTE_DELIVERY__EXPIRE"
    assert origins["listen.mx"] == str(file)
    assert origins["delivery.port"] == "default"
    assert loaded.settings.egress["main"].bandwidth == 20_000_000


def test_secret_from_file_is_masked(file, tmp_path):
    (tmp_path / "password").write_text("hunter2\n")
    loaded = load(str(file), {"ESTAFETTE_EGRESS__MAIN__SMARTHOST_PASSWORD_FILE": str(tmp_path / "password")})
    assert loaded.settings.egress["main"].smarthost_password == "hunter2"
    assert "hunter2" not in json.dumps([line.value for line in explain(loaded)])


def test_keyring_file_is_a_setting_of_its_own(file):
    loaded = load(str(file), {"ESTAFETTE_SECRETS__KEYRING_FILE": "/nowhere/keyring"})
    assert loaded.settings.secrets.keyring_file == "/nowhere/keyring"


def test_every_fault_is_told_with_key_and_fix(file):
    environ = {
        "ESTAFETTE_DELIVERY__EXPIRE": "5y",
        "ESTAFETTE_LISTEN__MXX": "x",
        "ESTAFETTE_LISTEN__MX": "127.0.0.1:25",
        "ESTAFETTE_CRASH_AT": "no setting",
    }
    with pytest.raises(Misconfigured) as caught:
        load(str(file), environ)
    faults = {fault.place.split(" ")[0]: fault for fault in caught.value.faults}
    assert set(faults) == {"delivery.expire", "listen.mxx", "listen.mx"}
    assert faults["listen.mxx"].fix == "write listen.mx"
    assert "JSON" in faults["listen.mx"].fix
    assert all(fault.fix for fault in faults.values())


def test_a_file_that_is_not_toml(tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("= 1")
    with pytest.raises(Misconfigured, match="not TOML"):
        load(str(bad), {})
    with pytest.raises(Misconfigured, match="cannot be read"):
        load(str(tmp_path / "absent"), {})


def test_names_beside_the_file_are_found(tmp_path):
    (tmp_path / "chain.pem").write_text("")
    path = tmp_path / "e.toml"
    path.write_text('[tls]\ncertificate = "chain.pem"\n')
    assert load(str(path), {}).settings.tls.certificate == str(tmp_path / "chain.pem")


def test_serving_needs_tls_unless_plaintext_is_allowed():
    assert {fault.place for fault in findings(Settings())} == {"tls.certificate", "tls.key"}
    open_doors = {"listen": {"allow_plaintext_auth": True, "submissions": []}}
    assert findings(Settings.model_validate(open_doors)) == []


@given(st.text(max_size=30).filter(lambda text: "\0" not in text))
def test_any_text_is_a_value_or_a_fault(tmp_path_factory, text):
    empty = tmp_path_factory.getbasetemp() / "empty.toml"
    empty.write_text("")
    faults = ()
    try:
        load(str(empty), {"ESTAFETTE_DELIVERY__EXPIRE": text, "ESTAFETTE_LISTEN__MX": text})
    except Misconfigured as error:
        faults = error.faults
    assert all(fault.cause and fault.place for fault in faults)
