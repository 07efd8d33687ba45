"""Who gets the mailing: providers, companies, mail programs, and who will read and click."""

from __future__ import annotations

from random import Random

from tests.simulation import chance, figures
from tests.simulation.mailing import Plan, Recipient

_MOBILE = chance.pool(100, figures.MOBILE_ADDRESSES)


def draw(random: Random, plan: Plan) -> list[Recipient]:
    """Return the recipients of a mailing, in the order of delivery."""
    names = list(figures.PROVIDERS)
    chosen = random.choices(names, [figures.PROVIDERS[name][1] for name in names], k=plan.recipients)
    mean = sum(share * factor for _, share, factor, *_ in figures.PROVIDERS.values())
    companies = _Companies(random)
    people = []
    for number, provider in enumerate(chosen, 1):
        person = _person(random, companies, number, provider, plan)
        person.reads = random.random() < plan.open_rate * figures.PROVIDERS[provider][2] / mean
        person.clicks = person.reads and random.random() < plan.click_rate / plan.open_rate
        people.append(person)
    return people


def _person(random: Random, companies: _Companies, number: int, provider: str, plan: Plan) -> Recipient:
    site, _, _, scans, programs, domains = figures.PROVIDERS[provider]
    apple = 1.0 if provider == "icloud" else figures.APPLE_SHARE
    program = "apple_mail" if random.random() < apple else random.choices(list(programs), list(programs.values()))[0]
    home, domain = chance.anywhere(random), random.choice(domains) if domains else ""
    if not domain:
        company, home = companies.join(provider)
        site, domain = site.format(n=company), f"company-{company}.example"
    return Recipient(
        number=number, address=f"person{number}@{domain}", provider=provider, site=site,
        delivered=number / plan.per_second + random.random(), scanned=scans and random.random() < figures.GATEWAY_LOOKS,
        program=program, home=home, mobile=random.choice(_MOBILE),
    )  # fmt: skip


class _Companies:
    """Companies take in one employee after the other, all behind one address, until they are full."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        self._open: dict[str, tuple[int, str, int]] = {}

    def join(self, provider: str) -> tuple[int, str]:
        number, address, places = self._open.get(provider, (0, "", 0))
        if not places:
            self._count += 1
            number, address = self._count, chance.anywhere(self._random)
            places = self._random.randint(1, figures.COMPANY)
        self._open[provider] = (number, address, places - 1)
        return number, address
