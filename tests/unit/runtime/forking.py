"""A parent that forks, for ``test_children``: a process without threads, which a test's is not. Prints what it saw."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from estafette.runtime.children import Child, Children


def _descriptors() -> list[str]:
    return sorted(str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.exists())


def _pause() -> int:
    signal.pause()
    return 0


def _fail() -> int:
    raise LookupError("lost")


async def _name() -> str:
    return Path("/proc/self/comm").read_text().strip()


async def _code(child: Child) -> int:
    return await asyncio.wait_for(child.wait(), 20)


async def _told(children: Children, what: Callable[[], object]) -> Any:
    """Return what a child writes into its pipe, and its exit code."""
    reading, writing = os.pipe()

    def tell() -> int:
        os.write(writing, json.dumps(what()).encode())
        return 0

    child = children.fork("est-test", tell, {writing})
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert await _code(child) == 0
        return json.load(pipe)


async def _before_its_handlers(children: Children) -> dict[str, object]:
    heard: list[str] = []
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, heard.append, "parent")
    child = children.fork("est-test", _pause, ())
    child.send(signal.SIGTERM)
    code = await _code(child)
    loop.remove_signal_handler(signal.SIGTERM)
    return {"code": code, "heard": heard}


async def _killed(children: Children) -> int:
    child = children.fork("est-test", _pause, ())
    child.send(signal.SIGKILL)
    code = await _code(child)
    child.send(signal.SIGTERM)
    return code


async def _threaded(children: Children) -> str:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        children.fork("est-test", lambda: 0, ())
    except RuntimeError as error:
        return str(error)
    finally:
        over.set()
        thread.join()
    return "forked"


async def main() -> dict[str, object]:
    """Return what each case came to."""
    children = Children()
    with socket.socket() as listener, Path(__file__).open() as file:
        assert listener.fileno() > 0
        assert file.fileno() > 0
        descriptors = await _told(children, _descriptors)
    many = [children.fork("est-test", lambda code=code: code, ()) for code in range(20)]  # type: ignore[misc]
    return {
        "codes": [await _code(children.fork("est-test", lambda code=code: code, ())) for code in (0, 1, 70)],  # type: ignore[misc]
        "many": await asyncio.gather(*map(_code, many)),
        "killed": await _killed(children),
        "before_its_handlers": await _before_its_handlers(children),
        "failed": await _code(children.fork("est-test", _fail, ())),
        "descriptors": descriptors,
        "name": await _told(children, lambda: asyncio.run(_name())),
        "threaded": await _threaded(children),
        "parent": os.getpid(),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
