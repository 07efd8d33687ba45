"""Server programs from Debian packages, unpacked under ``.cache/servers`` and never installed.

apt works on its own private lists, so neither root nor any change outside the checkout is needed.
"""

from __future__ import annotations

import fcntl
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "servers"
TREE = CACHE / "tree"


def _postgresql() -> str:
    """Return the major version of PostgreSQL that this release of Debian brings; 15, as tested, where none is known."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return {"12": "15", "13": "17"}.get(release.get("VERSION_ID", ""), "15")


POSTGRESQL = _postgresql()
#: program looked for inside the tree -> Debian package that brings it
PROGRAMS = {
    "usr/sbin/postfix": "postfix",
    "usr/sbin/nsd": "nsd",
    "usr/bin/swaks": "swaks",
    "usr/bin/msmtp": "msmtp",
    "usr/sbin/opendkim": "opendkim",
    "usr/sbin/opendkim-testmsg": "opendkim-tools",
    "usr/bin/strace": "strace",
    "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1": "libfaketime",
    "usr/bin/curl": "curl",
    "usr/sbin/saslpasswd2": "sasl2-bin",
    f"usr/lib/postgresql/{POSTGRESQL}/bin/postgres": f"postgresql-{POSTGRESQL}",
    "usr/sbin/dovecot": "dovecot-core",
    "usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "usr/bin/rspamd": "rspamd",
}
EXTRA = ("libnet-ssleay-perl", "libio-socket-ssl-perl", "libauthen-sasl-perl")
SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
INSTALLED = Path("/var/lib/dpkg/status")


def _apt(*words: str, installed: Path = INSTALLED) -> list[str]:
    state = CACHE / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    return [
        "apt-get",
        *("-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}"),
        *("-o", f"Dir::State::status={installed}", "-o", "Debug::NoLocking=1"),
        *("-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3", "-o", "APT::Update::Post-Invoke::="),
        *words,
    ]


def _run(command: list[str], folder: Path = CACHE) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[-4:])}: {done.stderr.strip()[-400:]}")
    return done.stdout


def missing() -> list[str]:
    """Return the packages whose program is neither in the tree nor, for plain tools, on the system."""
    gone = []
    for path, package in PROGRAMS.items():
        if not (TREE / path).exists() and not (package in {"strace", "curl"} and Path("/", path).exists()):
            gone.append(package)
    return gone


def update() -> None:
    """Ask what packages there are today."""
    _run(_apt("update", "-qq"))


def unpack(packages: list[str], tree: Path, downloads: Path, installed: Path = INSTALLED) -> None:
    """Unpack packages into a tree, with all they need beyond what is installed by that record of dpkg's."""
    options = ("--print-uris", "-y", "-qq", "--no-install-recommends")
    wanted = _run(_apt("install", *options, *packages, installed=installed))
    names = [line.split()[1] for line in wanted.splitlines() if line.startswith("'")]
    specs = [f"{name.split('_')[0]}={name.split('_')[1].replace('%3a', ':')}" for name in names]
    downloads.mkdir(exist_ok=True)
    _run(_apt("download", "-qq", *specs), downloads)
    tree.mkdir(exist_ok=True)
    for archive in sorted(downloads.glob("*.deb")):
        _run(["dpkg", "-x", str(archive), str(tree)])


def ensure() -> list[str]:
    """Unpack what is missing; return one loud line for each package that could not be had."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        gone = missing()
        if not gone:
            return []
        try:
            update()
            unpack([*gone, *EXTRA], TREE, CACHE / "deb")
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            return [f"SERVER PACKAGES MISSING: {' '.join(missing())}: {error}"]
    return [f"SERVER PACKAGE MISSING: {package}" for package in missing()]


def program(name: str) -> str:
    """Return the path of a program, from the tree first, then from the system; FileNotFoundError when absent."""
    for folder in (TREE / "usr/sbin", TREE / "usr/bin", TREE / "sbin", TREE / "bin", *map(Path, SYSTEM)):
        if (folder / name).exists():
            return str(folder / name)
    raise FileNotFoundError(name)


def environment() -> dict[str, str]:
    """Return the environment in which unpacked programs find their libraries and Perl modules."""
    libraries = [
        TREE / "usr/lib/x86_64-linux-gnu",
        TREE / "lib/x86_64-linux-gnu",
        TREE / "usr/lib/postfix",
        TREE / "usr/lib",
    ]
    perl = [TREE / "usr/share/perl5", *sorted((TREE / "usr/lib/x86_64-linux-gnu/perl5").glob("*"))]
    found = {key: value for key, value in os.environ.items() if not key.startswith("ESTAFETTE_")}
    found["LD_LIBRARY_PATH"] = ":".join(str(folder) for folder in libraries if folder.is_dir())
    found["PERL5LIB"] = ":".join(str(folder) for folder in perl if folder.is_dir())
    found["PATH"] = f"{TREE}/usr/sbin:{TREE}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return found


if __name__ == "__main__":
    troubles = ensure()
    print("\n".join(troubles) or f"servers ready in {TREE}")
    sys.exit(bool(troubles) and os.environ.get("CI") == "true")
