"""msmtp submits."""

import subprocess

from tests.servers import packages
from tests.servers.letters import letter, signed_by


def test_msmtp_over_implicit_tls(shared_rig):
    service = shared_rig.service
    command = [
        packages.program("msmtp"), f"--host={service.address}", f"--port={service.submissions}", "--tls=on", "--tls-starttls=off",
        f"--tls-trust-file={service.certificates.ca_file}", "--auth=plain", f"--user={shared_rig.credential['username']}",
        f"--passwordeval=echo {shared_rig.credential['password']}", "--from=shop@customer.test", "msmtp@example.test",
    ]  # fmt: skip
    message = bytes(letter("shop@customer.test", "msmtp@example.test"))
    done = subprocess.run(command, input=message, env=packages.environment(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert signed_by(shared_rig.arrived("msmtp@example.test")[0], shared_rig.dns, "customer.test")
