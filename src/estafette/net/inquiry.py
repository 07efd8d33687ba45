"""Asking a service that the operator runs beside this one, by HTTP: the whole answer, over kept connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import aiohttp


class InquiryFault(Exception):
    """Why there is no answer, in words for the log."""


class Inquirer:
    """Asks one address. within: seconds for a question. most: octets of an answer.

    The operator named the address, so special-use ranges are not refused; nothing is followed, nothing unpacked.
    """

    def __init__(self, url: str, *, within: float, most: int) -> None:
        self._url = url
        self._within = within
        self._most = most
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, body: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
        """Return the body of a 200; InquiryFault."""
        session = self._opened()
        try:
            async with (
                asyncio.timeout(self._within),
                session.post(self._url, data=body, headers=list(headers), allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise InquiryFault(f"answered {answer.status}")
                return await self._whole(answer)
        except TimeoutError:
            raise InquiryFault(f"no answer within {self._within:g} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise InquiryFault(str(error) or type(error).__name__) from None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def _whole(self, answer: aiohttp.ClientResponse) -> bytes:
        pieces, size = [], 0
        async for piece in answer.content.iter_any():
            size += len(piece)
            if size > self._most:
                raise InquiryFault(f"answered more than {self._most} octets")
            pieces.append(piece)
        return b"".join(pieces)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None), headers={"User-Agent": "Estafette"},
            )  # fmt: skip
        return self._session
