"""Files that letters name by their address: fetched before the gate is asked, each address once for a request."""

from __future__ import annotations

from typing import Protocol

import msgspec

from estafette.model.letter import Attachment, Letter
from estafette.net.fetched import Fetched, FetchFault
from estafette.relay.submission.wrong import wrong

#: Different addresses that one request may name.
MOST_ADDRESSES = 20


class Fetcher(Protocol):
    """Gets what strangers name, and only from public addresses."""

    async def get(self, url: str, most: int) -> Fetched:
        """Return at most ``most`` octets; FetchFault."""
        ...


class Basket:
    """What one request has fetched. most: octets of one file, and of all."""

    def __init__(self, fetcher: Fetcher, most: int) -> None:
        self._fetcher = fetcher
        self._left = most
        self._held: dict[str, Fetched | FetchFault] = {}

    async def filled(self, letter: Letter) -> Letter:
        """Return a letter with the content of every file; Wrong names the one that cannot be had."""
        if not any(file.url for file in letter.attachments):
            return letter
        files = [await self._file(number, file) for number, file in enumerate(letter.attachments)]
        return msgspec.structs.replace(letter, attachments=tuple(files))

    async def _file(self, number: int, file: Attachment) -> Attachment:
        if not file.url:
            return file
        field = f"attachments.{number}.url"
        if file.content:
            raise wrong("content_and_url", "a file has its content, or an address", "leave one of them out", field)
        found = await self._fetch(file.url, field)
        if isinstance(found, FetchFault):
            raise wrong("attachment_not_fetched", str(found), "send the file itself, as content", field)
        return msgspec.structs.replace(file, content=found.body, type=file.type or found.type, url="")

    async def _fetch(self, url: str, field: str) -> Fetched | FetchFault:
        if url not in self._held:
            if len(self._held) >= MOST_ADDRESSES:
                detail = f"at most {MOST_ADDRESSES} different addresses in one request"
                raise wrong("too_many_addresses", detail, "send the files themselves, as content", field)
            try:
                found = self._held[url] = await self._fetcher.get(url, self._left)
                self._left -= len(found.body)
            except FetchFault as fault:
                self._held[url] = fault
        return self._held[url]
