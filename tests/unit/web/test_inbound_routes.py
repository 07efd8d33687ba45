"""``/v1/routes``: where mail that comes to a domain goes, and who may say so."""

import pytest
from tests.unit.web.test_management import ask  # noqa: F401  # the fixture

PATH = "/v1/tenants/acme/routes"
KEEP = {"domain": "acme.example", "pattern": "info", "way": "keep"}


async def test_a_route_lives_and_ends(world, ask):  # noqa: F811
    hook = {"domain": "acme.example", "pattern": "Shop", "way": "webhook", "target": "https://a:b@shop.example/in?k=1"}
    made = await ask("POST", PATH, hook)
    assert (made.status, made.json()["pattern"], made.json()["target"]) == (201, "shop", "https://shop.example/in?k=1")
    assert made.json()["secret"].startswith("whsec_")
    one = f"{PATH}/{made.json()['id']}"
    shown = await ask("GET", one)
    assert "secret" not in shown.json()
    assert shown.headers["etag"] == made.headers["etag"]
    world.services.directory.reload()
    assert [each.target for each in world.services.directory.routes("acme.example")] == ["https://shop.example/in?k=1"]
    assert (await ask("PATCH", one, {"way": "keep"})).status == 428
    again = await ask("PATCH", one, {"new_secret": True}, **{"If-Match": shown.headers["etag"]})
    assert again.json()["secret"] not in {None, made.json()["secret"]}
    assert (await ask("PATCH", one, {"way": "keep"}, **{"If-Match": shown.headers["etag"]})).status == 412
    kept = await ask("PATCH", one, {"way": "keep"}, **{"If-Match": "*"})
    assert [kept.json()[name] for name in ("way", "target", "secret")] == ["keep", "", None]
    assert (await ask("DELETE", one)).json()["removed"] is True
    assert (await ask("GET", one)).status == 404


async def test_they_are_listed_by_domain_in_pages(ask):  # noqa: F811
    ids = [(await ask("POST", PATH, KEEP | {"pattern": each})).json()["id"] for each in ("a", "b", "c")]
    first = (await ask("GET", f"{PATH}?limit=2&domain=acme.example")).json()
    rest = (await ask("GET", f"{PATH}?limit=2&after={first['next']}")).json()
    assert sorted(each["id"] for each in first["items"] + rest["items"]) == sorted(ids)
    assert (await ask("GET", f"{PATH}?domain=rival.example")).status == 404


async def test_an_address_is_tried_out(ask):  # noqa: F811
    await ask("POST", PATH, KEEP)
    found = (await ask("GET", f"{PATH}/test?address=info%2Bx@acme.example")).json()
    assert (found["route"]["pattern"], found["answer"], found["status"]) == ("info", "250", "verified")
    other = (await ask("GET", f"{PATH}/test?address=x@acme.example")).json()
    assert (other["route"], other["answer"]) == (None, "550 5.1.1 no such address here")
    assert (await ask("GET", f"{PATH}/test?address=info@rival.example")).status == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"domain": "rival.example"}, 404), ({"domain": "nobody.example"}, 404), ({"pattern": "a b"}, 422), ({"way": "bounce"}, 422),
        ({"target": "x"}, 422), ({"way": "forward", "target": "lmtp://127.0.0.1:24"}, 422), ({"secret": "x"}, 422),
        ({"way": "webhook", "target": "https://169.254.169.254/"}, 422), ({"way": "reject", "target": "a\r\nb"}, 422),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_changes_nothing(ask, change, status):  # noqa: F811
    answer = await ask("POST", PATH, KEEP | change)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (await ask("GET", PATH)).json()["items"] == []


async def test_the_same_pattern_twice_is_a_conflict(ask):  # noqa: F811
    assert (await ask("POST", PATH, KEEP)).status == 201
    assert (await ask("POST", PATH, KEEP)).status == 409


async def test_an_applications_key_and_a_stranger_see_nothing(world, ask):  # noqa: F811
    one = f"/v1/routes/{(await ask('POST', PATH, KEEP)).json()['id']}"
    world.services.directory.reload()
    for name in ("acme", "rival"):
        for method, body in (("GET", None), ("PATCH", {"way": "keep"}), ("DELETE", None)):
            answer = await ask(method, one, body, key=world.keys[name]["api_key"], **{"If-Match": "*"})
            assert answer.status == 403, "the key of an application"
    for method, body in (("GET", None), ("PATCH", {"way": "keep"}), ("DELETE", None)):
        foreign = one.replace("/v1/", "/v1/tenants/rival/")
        assert (await ask(method, foreign, body, **{"If-Match": "*"})).status == 404
    assert len((await ask("GET", PATH)).json()["items"]) == 1
