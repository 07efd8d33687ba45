"""Children: processes forked from the supervisor, which has imported what they run; their ends are heard by SIGCHLD.

A fork costs a few milliseconds where a new interpreter imports for seconds, and what was loaded before it is shared
memory for as long as nobody writes to it (decision 024).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NoReturn

#: What the supervisor handles itself, and a child handles again only when it says so.
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Child:
    """One of them. ``ended``: its exit code, negative for the signal that killed it."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self.ended = ended

    async def wait(self) -> int:
        """Return the exit code once there is one; whoever stops waiting takes it from nobody."""
        return await asyncio.shield(self.ended)

    def send(self, number: signal.Signals) -> None:
        """Signal it; nothing happens when it has ended."""
        if not self.ended.done():
            os.kill(self.pid, number)


class Children:
    """Forks, and learns of every end. Needs the running loop, and no thread beside it."""

    def __init__(self) -> None:
        self._living: dict[int, Child] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def fork(self, name: str, work: Callable[[], int], keep: Collection[int]) -> Child:
        """Start a process that does ``work`` and exits with what it returns.

        name: at most 15 octets, as ``ps`` and ``top`` show it. keep: descriptors that the child keeps open.
        """
        if threading.active_count() > 1:
            raise RuntimeError("a process with threads is not forked: their locks would be held for ever")
        ended = asyncio.get_running_loop().create_future()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and the child's own handlers would be written into the parent's wake-up pipe.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        pid = os.fork()
        if pid == 0:
            _become(name, work, keep)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        child = self._living[pid] = Child(pid, ended)
        return child

    def _reap(self) -> None:
        """Take the exit codes of all that ended: several ends may be one signal."""
        for pid, child in list(self._living.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._living[pid]
                child.ended.set_result(os.waitstatus_to_exitcode(status))


def _become(name: str, work: Callable[[], int], keep: Collection[int]) -> NoReturn:
    """Leave behind what is the parent's, do the work, and end without returning into the parent's frames."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        asyncio._set_running_loop(None)  # noqa: SLF001 - for makers of loops; the parent's is not ours
        _close_all_but({0, 1, 2, *keep})
        with contextlib.suppress(OSError):  # a name is worth no start
            Path("/proc/self/comm").write_text(name, encoding="ascii")
        code = work()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _close_all_but(kept: Collection[int]) -> None:
    """Close the parent's pipes, sockets and event queue: held here, they would outlive it."""
    for number in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
        if number not in kept:
            with contextlib.suppress(OSError):  # the list's own is closed already
                os.close(number)
