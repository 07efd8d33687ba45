"""Why a hit was called what it was: codes, and what they say to a reader.

A reason is a code, or a code and figures: ``burst:9 links in 0.4 s``.
"""

from __future__ import annotations

#: code -> sentence. Those up to ``same_source`` decide alone; ``early`` to ``gateway`` are signs that are counted.
REASONS: dict[str, str] = {
    "method": "The request's method is none that follows a link (HEAD, for one).",
    "prefetch": "The request says itself that it fetches ahead (Purpose, Sec-Purpose).",
    "bare_agent": "The bare Mozilla/5.0 of Apple's mail privacy protection: loaded whether or not anybody read.",
    "image_proxy": "An image proxy of the mailbox provider, which loads when the mail is read.",
    "program": "The program names itself: a scanner, a crawler, a chat program's preview.",
    "network": "The address belongs to a network from which only machines come.",
    "burst": "Several links of one message within two seconds.",
    "shared_source": "The same address touched links of many recipients within minutes.",
    "same_source": "The address and program of a burst on the same message, minutes before or after.",
    "early": "Soon after the receiving server's 250. A sign, never a reason alone.",
    "odd_agent": "The program says nothing of itself, or nothing that a browser would.",
    "network_probable": "The address belongs to a network from which mostly machines come.",
    "scanned": "A scanner looked at the same message within minutes. Never the only sign.",
    "gateway": "The message was taken by a security gateway, whose scanners open links.",
    "prefetch_suspected": "The image proxy loaded so soon after delivery that nobody may have read.",
    "single_link": "The message has one link: a scanner of all links looks like a person.",
    "no_open": "Nobody was seen to read the message before.",
    "one_sign": "One sign of a machine, where two are needed.",
}


def code(reason: str) -> str:
    """Return the code of a reason, without its figures."""
    return reason.partition(":")[0]
