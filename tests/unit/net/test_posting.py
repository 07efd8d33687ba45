"""Posting to where strangers point: bounded, never inside, never through a redirect, never to ourselves."""

import asyncio
from types import SimpleNamespace

import pytest

from estafette.net.client_tls import verified
from estafette.net.ports import BAD, speaks_http
from estafette.net.posting import REPLY, Poster, PostFault
from estafette.net.resolver import Resolver

ANSWERS = {
    "/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "/busy": b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n",
    "/endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\nxxxxxxxx\r\n" * 2000,
    "/mute": b"",
    "/garbage": b"\x00\x01\x02 nonsense\r\n\r\n",
}
LOCAL = ["127.0.0.0/8", "::1/128"]


@pytest.fixture
async def place():
    place = SimpleNamespace(connections=set())

    async def answer(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
                if path == "/silent":
                    await reader.read()
                if not ANSWERS.get(path):
                    break
                place.connections.add(writer.get_extra_info("peername"))
                writer.write(ANSWERS[path])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    place.port = server.sockets[0].getsockname()[1]
    place.url = f"http://127.0.0.1:{place.port}"
    yield place
    server.close()


@pytest.fixture
async def poster():
    opened = []

    def make(allow=LOCAL, *, servers=(("127.0.0.1", 1),), within=5.0, own=()):
        opened.append(Poster(Resolver(list(servers), lifetime=2.0), allow, within=within, own=own, tls=verified()))
        return opened[-1]

    yield make
    for each in opened:
        await each.close()


async def test_an_answer_comes_and_its_connection_is_kept(place, poster):
    one = poster()
    for _ in range(3):
        answer = await one.post(f"{place.url}/ok", b"{}", {"a": "b"})
        assert (answer.status, answer.body) == (200, b"fine")
    assert len(place.connections) == 1


async def test_a_redirect_is_an_answer_like_others(place, poster):
    assert (await poster().post(f"{place.url}/moved", b"{}", {})).status == 302


async def test_what_the_other_side_wishes_is_told(place, poster):
    assert (await poster().post(f"{place.url}/busy", b"{}", {})).retry_after == "120"


async def test_only_the_beginning_of_an_endless_answer_is_read(place, poster):
    assert len((await poster().post(f"{place.url}/endless", b"{}", {})).body) == REPLY


@pytest.mark.parametrize(
    ("path", "why"),
    [("/silent", "no answer within"), ("/mute", "closed before"), ("/garbage", "no proper HTTP")],
)
async def test_who_does_not_answer_properly_is_left(place, poster, path, why):
    with pytest.raises(PostFault, match=why):
        await poster(within=0.5).post(place.url + path, b"{}", {})


async def test_nobody_listens(poster):
    with pytest.raises(PostFault, match="no connection"):
        await poster().post("http://127.0.0.1:9876/", b"{}", {})


async def test_plain_http_is_told_from_a_safe_one(poster):
    async def speak(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    with pytest.raises(PostFault, match="TLS failed"):
        await poster().post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/ok", b"{}", {})
    server.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::ffff:127.0.0.1]", "[fd00::1]",
     "0.0.0.0", "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"],
)  # fmt: skip
async def test_what_is_inside_is_not_connected_to(place, poster, host):
    with pytest.raises(PostFault, match="not public"):
        await poster(allow=[]).post(f"http://{host}:{place.port}/ok", b"{}", {})
    assert not place.connections


async def test_a_name_that_changes_its_mind_leads_nowhere(place, poster, dns):
    """DNS rebinding: the check of a name is worth nothing, so that only the connected address counts."""
    dns.add([("hook.test", "A", "192.0.2.1")])
    one = poster(allow=[], servers=[dns.at], within=2.0)
    with pytest.raises(PostFault, match="not public"):
        await one.post(f"http://hook.test:{place.port}/ok", b"{}", {})
    dns.remove("hook.test")
    dns.add([("hook.test", "A", "127.0.0.1")])
    with pytest.raises(PostFault, match="not public"):
        await one.post(f"http://hook.test:{place.port}/ok", b"{}", {})
    assert not place.connections


async def test_a_name_with_a_good_and_a_bad_address_never_reaches_the_bad_one(place, poster, dns):
    dns.add([("both.test", "A", "127.0.0.1"), ("both.test", "A", "127.0.0.9")])
    one = poster(allow=["127.0.0.9/32"], servers=[dns.at], within=2.0)
    with pytest.raises(PostFault):
        await one.post(f"http://both.test:{place.port}/ok", b"{}", {})
    assert not place.connections


async def test_ports_of_other_services_are_not_spoken_to(poster):
    for port in (25, 22, 6000, 587):
        with pytest.raises(PostFault, match="not one of HTTP"):
            await poster().post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert speaks_http(443)
    assert speaks_http(80)
    assert speaks_http(8443)
    assert not any(speaks_http(port) for port in (0, 65536, *BAD))


@pytest.mark.parametrize("listen", ["127.0.0.1", "0.0.0.0"])
async def test_nothing_is_posted_to_ourselves(place, poster, listen):
    with pytest.raises(PostFault, match="back to this service"):
        await poster(own=[(listen, place.port)]).post(f"{place.url}/ok", b"{}", {})
    assert not place.connections


async def test_the_same_port_elsewhere_is_not_ourselves(poster):
    with pytest.raises(PostFault, match=r"no connection|no answer"):
        await poster(allow=["192.0.2.0/24"], own=[("0.0.0.0", 8026)], within=0.3).post(
            "http://192.0.2.1:8026/", b"", {}
        )


async def test_who_is_not_who_they_say_is_not_told_anything(poster, certificates):
    heard = []

    async def note(reader, writer):
        heard.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0, ssl=certificates.server("elsewhere.test"))
    with pytest.raises(PostFault, match="certificate is not good"):
        await poster().post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"{}", {})
    server.close()
    assert not any(heard)
