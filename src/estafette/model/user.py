"""People: users, what they may do where, how they are invited and how they stay logged in. Times are unix seconds."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["owner", "admin", "developer", "marketer", "billing", "reader"]
Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
Purpose = Literal["reset", "verify"]


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person. email: lower case, unique in the service. password_hash: argon2id, "" for none yet.

    totp: the sealed secret of the second factor, None for none; totp_since: when it was proved, None until then.
    verified: when the address was proved by a mailed link, None until then. disabled: since when nobody logs in.
    """

    id: str
    email: str
    name: str = ""
    password_hash: str = ""
    totp: bytes | None = None
    totp_since: float | None = None
    language: Language = "en"
    created: float = 0.0
    verified: float | None = None
    disabled: float | None = None
    version: int = 0


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """The role of a user in a tenant."""

    user: str
    tenant: str
    role: Role
    created: float = 0.0
    version: int = 0


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A user as its tenant sees it: never the secrets, never the other tenants."""

    id: str
    tenant: str
    email: str
    name: str
    role: Role
    totp_since: float | None
    verified: float | None
    disabled: float | None
    created: float
    version: int


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A mailed link that makes its reader a member. accepted, revoked: when, None until then."""

    id: str
    tenant: str
    email: str
    role: Role
    token_sha256: bytes
    by: str
    language: Language = "en"
    created: float = 0.0
    expires: float = 0.0
    accepted: float | None = None
    revoked: float | None = None
    version: int = 0


class MailedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A mailed link that works once. address: what it proves, or where it was sent."""

    token_sha256: bytes
    purpose: Purpose
    user: str
    address: str
    created: float
    expires: float


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in that lasts. how: "password" or the name of the OIDC provider. seen: last used, to the minute."""

    id: str
    user: str
    token_sha256: bytes
    created: float
    expires: float
    seen: float
    address: str = ""
    agent: str = ""
    how: str = "password"
    revoked: float | None = None


class ManagementKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key of a tenant. scopes: permissions it has at most; only_from: CIDR ranges it may call from, empty = any.

    recipients: addresses or domains to which alone the credentials that it makes may write, empty = any. by: its
    maker.
    """

    id: str
    tenant: str
    name: str
    key_sha256: bytes
    scopes: tuple[str, ...]
    only_from: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    by: str = ""
    created: float = 0.0
    expires: float | None = None
    revoked: float | None = None
    version: int = 0


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Mail that the service owes, until the queue has it. sealed: subject and text, which may hold links."""

    id: str
    address: str
    sealed: bytes
    created: float
