"""What a person does with the mail: reads it, clicks, comes back, passes it on."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.simulation import chance, figures
from tests.simulation.mailing import Hit, Recipient

_OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"
_THUNDERBIRD = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0"
_GOOGLE = chance.pool(10, 60)
_YAHOO = chance.pool(12, 20)
#: Facts: Outlook on the web loads through Microsoft's addresses; such an open is a true one (warmbly PR#412).
_MICROSOFT_IMAGES = chance.pool(14, 40)


class Person:
    """One reader and what they leave behind."""

    def __init__(self, random: Random, who: Recipient, links: int) -> None:
        self._random = random
        self._who = who
        self._links = links
        self._agent = chance.browser(random)
        self._phone = chance.browser(random, phone=True)
        self._seen = False

    def hits(self) -> Iterator[Hit]:
        """Everything of this person, in no order."""
        if self._at_delivery():
            after = self._random.uniform(*figures.GMAIL_AT_DELIVERY_SECONDS)
            yield self._load(self._who.delivered + after, "image_proxy_at_delivery")
            self._seen = True
        if not self._who.reads:
            return
        read = self._who.delivered + chance.around(self._random, figures.READS)
        blocked = self._random.random() < figures.BLOCKED.get(self._who.program, 0.0)
        if not blocked:
            yield from self._reading(read)
        if self._random.random() < figures.FETCHED_AHEAD:
            yield self._click(read + 0.5, 1, purpose="prefetch", cause="fetched_ahead")
        if self._who.clicks:
            yield from self._clicking(read)

    def _at_delivery(self) -> bool:
        return self._who.program == "gmail" and self._random.random() < figures.GMAIL_AT_DELIVERY

    def _reading(self, read: float) -> Iterator[Hit]:
        times = [read]
        while self._random.random() < figures.READS_AGAIN:
            times.append(times[-1] + chance.around(self._random, figures.READS))
        for at in times:
            if not self._unseen():
                yield self._load(at, "person")
                self._seen = True

    def _unseen(self) -> bool:
        """Apple's prefetcher and Gmail's cache leave nothing to see of a reading (facts)."""
        if self._who.program == "apple_mail":
            return self._random.random() >= figures.ELSEWHERE
        return self._seen and self._who.program == "gmail"

    def _load(self, at: float, cause: str) -> Hit:
        address, agent = self._loader()
        return Hit(at, "opened", self._who.number, 0, address, agent, cause=cause)

    def _loader(self) -> tuple[str, str]:
        random, who = self._random, self._who
        match who.program:
            case "gmail":
                return random.choice(_GOOGLE), figures.GMAIL_AGENT
            case "yahoo":
                return random.choice(_YAHOO), figures.YAHOO_AGENT
            case "outlook_web":
                return random.choice(_MICROSOFT_IMAGES), self._agent
            case "outlook":
                return who.home, _OUTLOOK
            case "thunderbird":
                return who.home, _THUNDERBIRD
        return who.home, self._agent

    def _clicking(self, read: float) -> Iterator[Hit]:
        random = self._random
        wanted = min(random.choices((1, 2, 3, 4), figures.LINKS_CLICKED)[0], self._links)
        at = read + chance.around(random, figures.CLICKS)
        for link in random.sample(range(1, self._links + 1), wanted):
            yield self._click(at, link)
            if random.random() < figures.CLICKS_AGAIN:
                yield self._click(at + chance.around(random, figures.NEXT_CLICK), link)
            tab = random.random() < figures.TABS
            at += random.uniform(0.4, 1.5) if tab else chance.around(random, figures.NEXT_CLICK)
        if random.random() < figures.SHARED:
            agent = random.choice(figures.CHAT_AGENTS)
            yield Hit(at, "clicked", self._who.number, 1, chance.anywhere(random), agent, cause="preview")

    def _click(self, at: float, link: int, *, purpose: str = "", cause: str = "person") -> Hit:
        second = self._random.random() < figures.SECOND_DEVICE
        mobile = self._random.random() < figures.MOBILE
        address = self._who.mobile if mobile else self._who.home
        agent = self._phone if mobile or second else self._agent
        return Hit(at, "clicked", self._who.number, link, address, agent, purpose=purpose, cause=cause)
