"""Log-in links that were used: a file each in the data folder, so that every web process knows."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from estafette.base.log import get

#: Seconds after which a used link is expired anyway, with room for a clock that steps.
FORGET = 86400.0

_log = get("web.links")


class UsedLinks:
    """Remembers links; whoever makes the file first has used the link (``O_EXCL``, one winner of many processes)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, text: str, now: float) -> bool:
        """Use a link up; False when it was used before, or when that cannot be written down. now: unix seconds."""
        file = self._folder / hashlib.sha256(text.encode()).hexdigest()
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._sweep(now)
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            os.utime(file, (now, now))
        except FileExistsError:
            return False
        except OSError as error:
            _log.error("link_not_remembered", cause=str(error))
            return False
        return True

    def _sweep(self, now: float) -> None:
        for file in self._folder.iterdir():
            if now - file.stat().st_mtime > FORGET:
                file.unlink(missing_ok=True)
