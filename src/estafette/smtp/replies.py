"""Replies as octets, and the fixed ones."""

from __future__ import annotations

from estafette.base.errors import Refusal

TEXT_LIMIT = 400


def reply(code: int, enhanced: str, text: str) -> bytes:
    """Return one reply line; control characters and anything beyond ASCII in ``text`` become ``?``."""
    safe = "".join(c if " " <= c <= "~" else "?" for c in text[:TEXT_LIMIT])
    return f"{code} {enhanced} {safe}\r\n".encode("ascii") if enhanced else f"{code} {safe}\r\n".encode("ascii")


def lines(code: int, texts: list[str]) -> bytes:
    """Return a multi-line reply (RFC 5321 section 4.2.1)."""
    marks = ["-"] * (len(texts) - 1) + [" "]
    return "".join(f"{code}{m}{t}\r\n" for m, t in zip(marks, texts, strict=True)).encode("ascii")


def of(refusal: Refusal) -> bytes:
    """Return the reply that says a refusal."""
    return reply(refusal.code, refusal.enhanced, refusal.public)


OK = b"250 2.0.0 OK\r\n"
SENDER_OK = b"250 2.1.0 sender OK\r\n"
RECIPIENT_OK = b"250 2.1.5 recipient OK\r\n"
GO_AHEAD = b"354 send the message, end with <CRLF>.<CRLF>\r\n"
BYE = b"221 2.0.0 bye\r\n"
READY_FOR_TLS = b"220 2.0.0 ready to start TLS\r\n"
AUTHENTICATED = b"235 2.7.0 authenticated\r\n"
VRFY = b"252 2.1.5 send some mail, we will try\r\n"
HELP = b"214 2.0.0 RFC 5321\r\n"
UNKNOWN = b"500 5.5.2 command not recognised\r\n"
NOT_DONE = b"502 5.5.1 command not implemented\r\n"
BAD_LINE_END = b"500 5.5.2 a command ends in CRLF, no bare CR or LF\r\n"
TOO_LONG = b"500 5.5.2 line too long\r\n"
ENDLESS = b"421 4.5.2 line far too long\r\n"
BAD_OCTET = b"501 5.5.2 a command holds no NUL and no octet above 127\r\n"
NO_ARGUMENT = b"501 5.5.4 this command takes no argument\r\n"
NEED_HELLO = b"503 5.5.1 EHLO first\r\n"
NEED_MAIL = b"503 5.5.1 MAIL first\r\n"
NEED_RCPT = b"554 5.5.1 no valid recipients\r\n"
NESTED_MAIL = b"503 5.5.1 one transaction at a time\r\n"
BAD_SEQUENCE = b"503 5.5.1 bad sequence of commands\r\n"
NEED_AUTH = b"530 5.7.0 authentication required\r\n"
NEED_TLS = b"530 5.7.0 STARTTLS first\r\n"
BAD_MECHANISM = b"504 5.5.4 PLAIN and LOGIN are known\r\n"
BAD_BASE64 = b"501 5.5.2 not base64\r\n"
CANCELLED = b"501 5.7.0 authentication cancelled\r\n"
PIPELINED = b"554 5.5.0 data sent before it was allowed\r\n"
NOT_SMTP = b"554 5.5.2 this is an SMTP server\r\n"
TOO_MANY_ERRORS = b"421 4.7.0 too many errors\r\n"
TOO_MANY_COMMANDS = b"421 4.7.0 too many commands without a message\r\n"
MANY_RECIPIENTS = b"452 4.5.3 too many recipients\r\n"
OVERSHOOT = b"421 4.5.3 far too many recipients\r\n"
TOO_BIG = b"552 5.3.4 message too big\r\n"
BARE_NEWLINE = b"550 5.6.0 a line ends in CRLF, no bare CR or LF (RFC 5321 section 2.3.8)\r\n"
