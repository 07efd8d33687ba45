"""What the machine must give: readable settings and keys, a current store, space, and the right time."""

from __future__ import annotations

import ctypes
import shutil
import time

from estafette.cli.checks.finding import Finding
from estafette.config.schema import Settings

#: No message can be older than this program (unix seconds).
_BORN = 1_760_000_000
_TIME_ERROR = 5
_TIMEX_OCTETS = 512


async def check_settings(settings: Settings) -> list[Finding]:
    """Settings that are well-formed and would still not work."""
    from estafette.config.check import findings

    wrong = [Finding(fault.place, "wrong", fault.cause, fault.fix) for fault in findings(settings)]
    return wrong or [Finding("settings", "good", "nothing to correct")]


async def check_keyring(settings: Settings) -> list[Finding]:
    """The keyring can be read, by us alone, and lies outside the data folder."""
    from pathlib import Path

    from estafette.base.seal import Keyring
    from estafette.store.open import folder_of, is_folder

    file = Path(settings.secrets.keyring_file)
    Keyring.load(file)
    if is_folder(settings.store.url) and file.resolve().is_relative_to(folder_of(settings.store.url).resolve()):
        fix = "move it elsewhere and set secrets.keyring_file: who copies the data should not get the keys"
        return [Finding("keyring", "warning", f"{file} is inside the data folder", fix)]
    return [Finding("keyring", "good", str(file))]


async def check_store(settings: Settings) -> list[Finding]:
    """Control tables are current; whether a service owns the store."""
    from estafette.store.open import folder_of, is_folder, store_running
    from estafette.store.tables.control import open_control

    if not is_folder(settings.store.url):
        tables = open_control(settings.store.url)
        tables.close()
        return [Finding("store", "good", f"control tables in {tables.place}")]
    folder = folder_of(settings.store.url)
    if not (folder / "control.db").is_file():
        return [Finding("store", "wrong", f"there is no store in {folder}", "run `estafette init`")]
    open_control(folder).close()
    if store_running(settings.store.url):
        return [Finding("store", "good", f"{folder}: the service runs")]
    return [Finding("store", "warning", f"{folder}: the service does not run", "start `estafette serve`")]


async def check_disk(settings: Settings) -> list[Finding]:
    """Enough space is free for mail to be accepted."""
    from estafette.store.open import folder_of, is_folder

    if not is_folder(settings.store.url):
        return []
    folder = folder_of(settings.store.url)
    usage = shutil.disk_usage(folder if folder.exists() else folder.parent)
    wanted = settings.limits.free_disk
    least = wanted * usage.total if wanted <= 1 else wanted
    cause = f"{usage.free // 1_000_000} MB free of {usage.total // 1_000_000} MB, {int(least) // 1_000_000} MB wanted"
    if usage.free < least:
        return [Finding("disk", "wrong", cause, "free space, or lower limits.free_disk: mail is refused with 452")]
    return [Finding("disk", "good", cause)]


async def check_clock(_settings: Settings) -> list[Finding]:
    """The clock is plausible and something keeps it right: signatures, ids and retries depend on it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if time.time() < _BORN:
        return [Finding("clock", "wrong", f"it says {now}", "set the clock; let chrony keep it")]
    if not _kept():
        fix = "start chrony or systemd-timesyncd"
        return [Finding("clock", "warning", f"{now}; the kernel does not know of a time server", fix)]
    return [Finding("clock", "good", now)]


def _kept() -> bool:
    """Return whether a time server steers the kernel's clock; adjtimex(2) with no modes only reads."""
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    return adjtimex is None or adjtimex(ctypes.create_string_buffer(_TIMEX_OCTETS)) != _TIME_ERROR
