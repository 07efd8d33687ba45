"""Write requirements.lock and requirements-dev.lock: versions with the hashes of every file, from pyproject.toml.

The resolver (uv) lives in a throw-away environment; it is not a dependency of the project.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.lock": ("build",), "requirements-dev.lock": ("build", "dev")}


def resolve(uv: Path, name: str, groups: tuple[str, ...]) -> None:
    """Write one lock file; an existing one keeps its versions where pyproject still allows them."""
    chosen = [word for group in groups for word in ("--group", group)]
    command = [str(uv), "pip", "compile", "-q", "--universal", "--generate-hashes", "--no-annotate", "--no-header"]
    subprocess.run([*command, *chosen, "-o", name, "pyproject.toml"], cwd=ROOT, check=True)


def main() -> None:
    """Lock both sets with a resolver of their own."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        binaries = Path(folder, "bin")
        subprocess.run([binaries / "pip", "install", "-q", "--disable-pip-version-check", "uv"], check=True)
        for name, groups in LOCKS.items():
            resolve(binaries / "uv", name, groups)


if __name__ == "__main__":
    sys.exit(main())
