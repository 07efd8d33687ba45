"""Node with the clients of ``tests/data/node``: as npm's lock names them, in ``.cache/servers``, installed once.

Node is the system's when that is new enough, else Debian's, unpacked and never installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.servers import packages

LEAST = 18  # Debian 12's
#: a record of dpkg's that knows the C library alone, which is the one that this machine's loader wants
_LIBC = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 999\n"
SCRIPTS = packages.ROOT / "tests/data/node"
TREE = packages.CACHE / "node"
#: Debian's Node looks for parts of itself below /usr/share, wherever it was unpacked: it gets a /usr/share of its own.
_MOUNTED = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /usr/share && exec "$@"', f"{TREE}/usr/share")
_UNPACKED = (*_MOUNTED, "env", f"LD_LIBRARY_PATH={TREE}/usr/lib/x86_64-linux-gnu", f"{TREE}/usr/bin/node")


def _release(node: str) -> int:
    """Return the major version of a Node; 0 of what does not run."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    return int(said.strip().removeprefix("v").partition(".")[0])


@cache
def commands() -> tuple[list[str], list[str]]:
    """Return the words that start Node, and those that start npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _release(node) >= LEAST:
        return [node], [npm]
    return [*_UNPACKED], [*_UNPACKED, "/usr/share/nodejs/npm/bin/npm-cli.js"]


def _unpack() -> None:
    """Unpack Debian's Node and npm, whole, whatever of them is installed: parts of two releases would not fit."""
    packages.update()
    with tempfile.TemporaryDirectory(dir=packages.CACHE) as folder:
        installed, made = Path(folder, "status"), Path(folder, "tree")
        installed.write_text(_LIBC)
        packages.unpack(["nodejs", "npm"], made, Path(folder, "deb"), installed)
        made.rename(TREE)


def modules() -> Path:
    """Return the folder of the clients, which is named by their lock."""
    lock = (SCRIPTS / "package-lock.json").read_bytes()
    return packages.CACHE / f"node_modules-{hashlib.sha256(lock).hexdigest()[:16]}"


def _install() -> None:
    """Install what the lock names, octet by octet; no package's own scripts are run."""
    with tempfile.TemporaryDirectory(dir=packages.CACHE) as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SCRIPTS / name, folder)
        command = [*commands()[1], "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise RuntimeError(f"npm ci: {done.stderr.strip()[-400:]}")
        Path(folder, "node_modules").rename(modules())


def ensure() -> list[str]:
    """Make ready what is missing; return a loud line when it could not be had."""
    packages.CACHE.mkdir(parents=True, exist_ok=True)
    with (packages.CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if commands()[0] == [*_UNPACKED] and not TREE.exists():
                _unpack()
            if not modules().exists():
                _install()
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            return [f"NODE CLIENTS MISSING: {error}"]
    return []


def run(script: str, **environment: str) -> Any:
    """Run a program in JavaScript that may ``require`` the clients; return the document that it prints."""
    surroundings = os.environ | {"NODE_PATH": str(modules())} | environment
    command = [*commands()[0], "-"]
    done = subprocess.run(
        command, input=script, env=surroundings, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, f"node left with {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return json.loads(done.stdout)


if __name__ == "__main__":
    troubles = ensure()
    print("\n".join(troubles) or f"clients ready in {modules()}")
    sys.exit(bool(troubles))
