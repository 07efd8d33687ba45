"""A progress bar on stderr for long work, when somebody is there to see it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from estafette.cli.call import call

INTERVAL = 0.2


@contextmanager
def watched(name: str, folder: Path, total: int | None = None) -> Iterator[None]:
    """Show how many octets a folder has gained. total: octets expected, None when unknown."""
    if call.json or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    done = threading.Event()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=total)

        def watch() -> None:
            while not done.wait(INTERVAL):
                bar.update(task, completed=_size(folder))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


@contextmanager
def counted(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far a work has come; yield what to call with it. total: how far it goes."""
    if call.json or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    # What is printed meanwhile is the work itself, and goes where stdout goes.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as bar:
        task = bar.add_task(name, total=max(total, 1))
        yield lambda reached: bar.update(task, completed=reached)


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    except OSError:
        return 0
