"""A revoked credential is out everywhere within five seconds: in new log-ins, open sessions and the API."""

import smtplib
import time

import pytest
from tests.servers.companies import Api
from tests.servers.rig import Rig

WITHIN = 5.0


@pytest.fixture
def wide(folder, certificates, dns, postfix):
    settings = {"runtime": {"intake": 2, "web": 2}}
    with Rig(folder / "service", certificates, dns, postfix, settings=settings) as rig:
        yield rig


def opened(rig):
    client = smtplib.SMTP(rig.service.address, rig.service.submission, timeout=20)
    try:
        client.starttls(context=rig.service.certificates.client())
        client.login(rig.credential["username"], rig.credential["password"])
    except BaseException:
        client.close()
        raise
    return client


def answers(rig, sessions):
    """Return what every open session and several new connections to the API say now."""
    api = Api(rig.service, rig.credential["api_key"])
    return [client.mail("shop@customer.test")[0] for client in sessions] + [
        api.ask("GET", "/v1/queue")[0] for _ in range(8)
    ]


def test_revoked_everywhere_within_five_seconds(wide):
    sessions = [opened(wide) for _ in range(8)]
    try:
        assert set(answers(wide, sessions)) == {250, 200}
        for client in sessions:
            client.rset()
        wide.service.cli("credential", "remove", wide.credential["username"])
        until = time.monotonic() + WITHIN
        while set(heard := answers(wide, sessions)) - {550, 401, 429}:
            assert time.monotonic() < until, heard
            for client in sessions:
                client.rset()
            time.sleep(0.2)
        assert set(heard[:8]) == {550}
        with pytest.raises(smtplib.SMTPAuthenticationError):
            opened(wide)
    finally:
        for client in sessions:
            client.close()
    until = time.monotonic() + WITHIN
    while not (told := wide.service.cli("credential", "failures", "--tenant", "customer")["items"]):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert "revoked" in {each["reason"] for each in told}
