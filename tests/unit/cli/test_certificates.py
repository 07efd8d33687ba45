"""What ``doctor`` says of certificates, made for the test."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme

from estafette.cli.checks.certificates import check_tls
from estafette.config.schema import Settings

NAME = "mx1.relay.test"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def settings(folder, authority, *names, days=90, key_of=None):
    until = datetime.now(UTC) + timedelta(days=days)
    made = authority.issue_cert(*names, not_after=until, not_before=until - timedelta(days=100))
    other = key_of or made
    (folder / "c.pem").write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    (folder / "k.pem").write_bytes(other.private_key_pem.bytes())
    tls = {"certificate": str(folder / "c.pem"), "key": str(folder / "k.pem")}
    return Settings.model_validate({"tls": tls, "service": {"hostname": NAME}})


@pytest.mark.parametrize(
    ("names", "days", "state", "words"),
    [
        ((NAME,), 90, ["good"], "ends"),
        (("*.relay.test",), 90, ["good"], "ends"),
        ((NAME,), 5, ["warning"], "soon"),
        ((NAME,), -1, ["wrong"], "ended"),
        (("other.test",), 90, ["warning", "good"], f"not {NAME}"),
        (("*.test",), 90, ["warning", "good"], f"not {NAME}"),
    ],
)
async def test_name_and_end(tmp_path, authority, names, days, state, words):
    found = await check_tls(settings(tmp_path, authority, *names, days=days))
    assert [finding.state for finding in found] == state
    assert words in found[0].cause
    assert all(finding.fix for finding in found if finding.state != "good")


async def test_a_key_of_another_certificate(tmp_path, authority):
    found = await check_tls(settings(tmp_path, authority, NAME, key_of=authority.issue_cert(NAME)))
    assert [finding.state for finding in found] == ["wrong"]


async def test_every_host_of_the_folder_is_read(tmp_path, authority):
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    authority.issue_cert("shop.test").private_key_and_cert_chain_pem.write_to_path(str(hosts / "shop.test.pem"))
    (hosts / "broken.test.pem").write_text("no certificate")
    chosen = settings(tmp_path, authority, NAME)
    chosen = chosen.model_copy(update={"tls": chosen.tls.model_copy(update={"hosts": str(hosts)})})
    states = {finding.cause.split()[0].rpartition("/")[2]: finding.state for finding in await check_tls(chosen)}
    assert states == {"c.pem": "good", "broken.test.pem": "wrong", "shop.test.pem": "good"}
