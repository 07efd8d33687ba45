"""What messages are called where a service has UUIDs: our number in one, and back."""

from __future__ import annotations

import uuid


def universal(message: int, number: int) -> str:
    """Return a recipient's message as a UUID (RFC 9562 section 5.8): its 63 bits, then the recipient's place.

    number: from 1; 0 = the message for all of its recipients.
    """
    high, low = message >> 15, message & 0x7FFF
    return str(uuid.UUID(int=high << 80 | 0x8 << 76 | low >> 3 << 64 | 0b10 << 62 | (low & 7) << 59 | number))


def message_of(name: str) -> int:
    """Return the message that a UUID of ours names; ValueError when it is none."""
    whole = uuid.UUID(name).int
    message = whole >> 80 << 15 | (whole >> 64 & 0xFFF) << 3 | whole >> 59 & 7
    if universal(message, whole & (1 << 59) - 1) != name.lower():
        raise ValueError(f"{name[:36]} is no UUID of a message")
    return message


def recipient_of(name: str) -> tuple[int, int]:
    """Return the message that a UUID of ours names, and its recipient's place; ValueError when it is none."""
    return message_of(name), uuid.UUID(name).int & (1 << 59) - 1
