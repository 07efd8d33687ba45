"""Webhooks of the running service: a letter is sent, and the customer's own server hears what became of it."""

import json
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook
from tests.servers.rig import Rig
from tests.servers.service import ESTAFETTE

OPEN = {"webhooks": {"allow_http": True}, "outgoing": {"allow_networks": ["127.0.0.0/8"]}}


@pytest.fixture
def shop():
    """A server that notes what it is told."""

    class Heard(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.heard.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    server.heard, server.url = [], f"http://127.0.0.1:{server.server_port}/hooks"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def until(true, about, within=60.0):
    ends = time.monotonic() + within
    while not true():
        assert time.monotonic() < ends, about
        time.sleep(0.05)


def test_a_letters_end_is_told_and_logged_and_a_developer_hears_it_too(folder, certificates, dns, postfix, shop):
    with Rig(folder / "service", certificates, dns, postfix, OPEN) as rig:
        hook = rig.service.cli("webhook", "create", shop.url, "--tenant", "customer")
        assert rig.service.run("webhook", "ping", hook["id"], "--tenant", "customer").returncode == 0
        listening = subprocess.Popen(
            [str(ESTAFETTE), "webhook", "listen", "--to", f"{shop.url}/listen", "--server",
             f"http://{rig.service.address}:{rig.service.http}", "--event", "delivered",
             "--config", str(rig.service.config)],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"ESTAFETTE_API_KEY": rig.credential["api_key"]},
        )  # fmt: skip
        secret = listening.stdout.readline().split()[1]
        assert "listening" in listening.stdout.readline()
        rig.send("hook@example.test")
        rig.arrived("hook@example.test")
        until(lambda: len(shop.heard) == 4, shop.heard)
        listening.terminate()
        listening.wait(10)
        listening.stdout.close()
        told = []
        for path, headers, body in shop.heard:
            mine = path.endswith("listen")
            told.append((mine, Webhook(secret if mine else hook["secret"]).verify(body, headers)["type"]))
        assert sorted(told) == [(False, "delivered"), (False, "ping"), (False, "queued"), (True, "delivered")]
        calls = rig.service.cli("webhook", "calls", hook["id"], "--tenant", "customer")["items"]
        assert [(each["kind"], each["state"], each["status"]) for each in calls] == [
            ("delivered", "done", 200), ("queued", "done", 200), ("ping", "done", 200),
        ]  # fmt: skip
        shown = rig.service.cli("webhook", "call", hook["id"], calls[0]["id"], "--tenant", "customer")
        assert json.loads(shown["body"])["data"]["recipient"] == "hook@example.test"
