"""curl submits over SMTP, and over the HTTP API."""

import json
import subprocess

from tests.servers import packages
from tests.servers.letters import letter, signed_by


def _curl(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [packages.program("curl"), "-sS", "--fail", *words], input=stdin, capture_output=True, timeout=60
    )
    assert done.returncode == 0, (done.stderr + done.stdout).decode()
    return done


def test_curl_speaks_smtp(shared_rig):
    service, made = shared_rig.service, shared_rig.credential
    _curl(
        "--ssl-reqd", "--cacert", str(service.certificates.ca_file), "--url", f"smtp://{service.address}:{service.submission}",
        "--user", f"{made['username']}:{made['password']}", "--mail-from", "shop@customer.test",
        "--mail-rcpt", "curl@example.test", "--upload-file", "-", stdin=bytes(letter("shop@customer.test", "curl@example.test")),
    )  # fmt: skip
    assert signed_by(shared_rig.arrived("curl@example.test")[0], shared_rig.dns, "customer.test")


def test_curl_posts_to_the_api(shared_rig):
    order = {
        "from": "shop@customer.test",
        "to": ["curl-api@example.test"],
        "subject": "Hi",
        "text": "Hello",
        "html": "<p>Hello</p>",
    }
    answer = _curl(
        f"http://{shared_rig.service.address}:{shared_rig.service.http}/v1/emails", "-H", "Content-Type: application/json",
        "-H", f"Authorization: Bearer {shared_rig.credential['api_key']}", "--data", json.dumps(order),
    )  # fmt: skip
    assert json.loads(answer.stdout)
    message = shared_rig.arrived("curl-api@example.test")[0]
    assert signed_by(message, shared_rig.dns, "customer.test")
    assert b"<p>Hello</p>" in message
