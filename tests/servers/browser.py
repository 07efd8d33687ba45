"""A browser without scripts: forms, cookies, and redirects that it shows instead of following."""

from __future__ import annotations

import urllib.error
import urllib.request
from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode


class Page:
    """What a server answered."""

    def __init__(self, status: int, headers: Message, text: str) -> None:
        self.status = status
        self.headers = headers
        self.text = text


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        return None


class Browser:
    """Keeps the cookies of one person."""

    def __init__(self, language: str = "en") -> None:
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=None))
        self._opener = urllib.request.build_opener(_Stay, urllib.request.HTTPCookieProcessor(jar))
        self._language = language

    def get(self, url: str) -> Page:
        """Show a page."""
        return self._ask(urllib.request.Request(url))

    def post(self, url: str, **fields: str) -> Page:
        """Send a form."""
        return self._ask(urllib.request.Request(url, urlencode(fields).encode(), method="POST"))

    def _ask(self, request: urllib.request.Request) -> Page:
        request.add_header("Accept-Language", self._language)
        try:
            with self._opener.open(request, timeout=20) as answer:
                return Page(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.headers, error.read().decode())
