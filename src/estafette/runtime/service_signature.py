"""The service's own signature: made only while its record is seen in DNS.

Receivers find a signature whose key is not published broken (RFC 6376 section 6.1.2), which harms more than none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from estafette.base import log
from estafette.mail.dkim.keys import public_record
from estafette.model.domain import DnsRecord, SigningKey
from estafette.net.resolver import Resolver
from estafette.store.interface.directory import Directory
from estafette.tenancy import records

#: Seconds between two looks; the resolver keeps answers for their own time.
LOOK_EVERY = 60.0

_log = log.get("runtime.service_signature")


class ServiceSignature:
    """Knows which keys of the service's own domain are published. ``watch`` keeps that fresh."""

    def __init__(self, hostname: str, directory: Directory, resolver: Resolver) -> None:
        self._hostname = hostname
        self._directory = directory
        self._resolver = resolver
        self._published: frozenset[str] = frozenset()
        self._given: Sequence[SigningKey] = ()
        self._chosen: Sequence[SigningKey] = ()

    @property
    def keys(self) -> Sequence[SigningKey]:
        """The keys that may sign now; the same object until something changes."""
        given = self._directory.signing_keys("", self._hostname)
        if given is not self._given:
            self._choose(given)
        return self._chosen

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Ask DNS once for each key; where nobody can say, what was seen before holds."""
        keys = self._directory.signing_keys("", self._hostname)
        seen = {key.selector for key in keys if await self._is_published(key)}
        if seen != self._published:
            _log.info("service_signature", domain=self._hostname, selectors=sorted(seen))
            self._published = frozenset(seen)
        self._choose(keys)

    async def _is_published(self, key: SigningKey) -> bool:
        name = f"{key.selector}._domainkey.{key.domain}"
        answer = await self._resolver.txt(name)
        if answer.kind == "temporary":
            return key.selector in self._published
        return records.matches(DnsRecord("TXT", name, public_record(key.private), "dkim"), answer.texts)

    def _choose(self, given: Sequence[SigningKey]) -> None:
        self._given = given
        self._chosen = tuple(key for key in given if key.selector in self._published)
