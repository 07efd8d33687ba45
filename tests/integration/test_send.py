"""``estafette send``: the kernel names the caller, ``[send]`` says which credential that is."""

import os
import subprocess

import pytest
from tests.servers.letters import letter, signed_by
from tests.servers.service import ESTAFETTE

pytestmark = pytest.mark.mail_only

EX_NOUSER, EX_NOPERM = 67, 77
LETTER = bytes(letter("shop@customer.test", "jane@example.test"))


def restart_with(service, username):
    service.stop()
    service.config.write_text(service.config.read_text() + f'[send]\n"{os.getuid()}" = "{username}"\n')
    service.start()


def test_a_mapped_user_sends_signed_mail_as_sendmail_does(rig, folder):
    common, link = folder / "run", folder / "sendmail"
    common.mkdir()
    link.symlink_to(ESTAFETTE)
    rig.service.environment["RUNTIME_DIRECTORY"] = str(common)
    restart_with(rig.service, rig.credential["username"])
    assert (common / "submit.sock").stat().st_mode & 0o777 == 0o666
    command = [str(link), "-t", "-i", "-fshop@customer.test", "-C", str(rig.service.config)]
    subprocess.run(command, input=LETTER, check=True, timeout=60)
    assert signed_by(rig.postfix.wait()[0], rig.dns, "customer.test")
    others = {
        "boss@other.test": ("jane@example.test", EX_NOPERM),
        "shop@customer.test": ("jane@[127.0.0.1]", EX_NOUSER),
    }
    for sender, (recipient, code) in others.items():
        refused = rig.service.run("send", "-f", sender, recipient, stdin=LETTER, check=False)
        assert refused.returncode == code, refused.stderr


def test_any_other_user_may_not(rig):
    refused = rig.service.run("send", "-f", "shop@customer.test", "jane@example.test", stdin=LETTER, check=False)
    assert refused.returncode == EX_NOPERM
    assert b"[send]" in refused.stderr
