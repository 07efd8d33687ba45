"""swaks submits."""

import subprocess

from tests.servers import packages
from tests.servers.letters import opendkim_accepts, signed_by


def test_swaks_over_starttls(shared_rig):
    service = shared_rig.service
    command = [
        packages.program("swaks"), "--server", f"{service.address}:{service.submission}", "--tls", "--auth", "LOGIN",
        "--auth-user", shared_rig.credential["username"], "--auth-password", shared_rig.credential["password"],
        "--from", "shop@customer.test", "--to", "swaks@example.test", "--helo", "desk.customer.test",
    ]  # fmt: skip
    done = subprocess.run(command, env=packages.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    (message,) = shared_rig.arrived("swaks@example.test")
    assert signed_by(message, shared_rig.dns, "customer.test")
    assert opendkim_accepts(message, shared_rig.dns) == ""
