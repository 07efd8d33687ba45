"""Chromium from Debian's package: the one program that is installed, and only as root or in CI."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess

from tests.servers import packages

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def ensure() -> str:
    """Return the path of Chromium, installed when it was missing; FileNotFoundError when it cannot be had."""
    packages.CACHE.mkdir(parents=True, exist_ok=True)
    with (packages.CACHE / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = shutil.which("chromium")
        if found is None and os.geteuid() == 0:
            subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True, timeout=300)
            subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
                check=False, capture_output=True, timeout=900, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )  # fmt: skip
            found = shutil.which("chromium")
    if found is None:
        raise FileNotFoundError("chromium")
    return found
