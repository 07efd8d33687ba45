"""Logs keep secrets."""

import json
import subprocess
import sys

SPEAK = """
from estafette.base import log
log.configure()
log.get("test").info("login", user="ann", password="canary-1", api_key="canary-2", body="canary-3")
"""


def test_a_secret_is_masked_whatever_it_is_called():
    line = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True).stderr
    assert "canary" not in line
    assert json.loads(line)["user"] == "ann"
