"""turboSMTP's API v2 as it is published: whatever fits its description, or does not, gets an answer of it."""

from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

DESCRIPTION = Path(__file__).parents[3] / "data" / "turbosmtp-openapi.yaml"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 60
#: What the generator cannot guess: half of the bodies say it.
THERE = {"from": "Ann <ann@acme.example>", "to": "bob@y.example", "content": "Hello"}


def generated(operation, mode):
    """Return bodies as the description has them, or as it does not."""
    found = []

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    def one(case, there):
        if there and isinstance(case.body, dict):
            case.body = {**case.body, **THERE, "mime_raw": None, "attachments": []}
        found.append(case)

    one()
    return found


async def answered(world, operation):
    """Return the statuses of what is generated for an operation, each answer held against its description."""
    key = world.keys["acme"]
    pair = {"consumerKey": key["username"], "consumerSecret": key["password"]}
    statuses = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app)) as client:
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            for number, case in enumerate(generated(operation, mode)):
                request = prepared(case, pair if number % 9 else {})
                answer = await client.request(
                    request.method, request.url, content=request.body, headers=request.headers
                )
                case.validate_response(answer, checks=CHECKS)
                statuses.append(answer.status_code)
    return statuses


@pytest.mark.long
async def test_every_answer_is_one_of_the_description(world):
    statuses = await answered(world, schemathesis.openapi.from_path(DESCRIPTION)["/api/v2/mail/send"]["POST"])
    assert set(statuses) == {200, 400, 401}
    assert len(statuses) > EXAMPLES


@pytest.mark.long
async def test_every_answer_of_analytics_is_one_of_the_description(world):
    described = schemathesis.openapi.from_path(DESCRIPTION)
    assert set(await answered(world, described["/api/v2/analytics"]["GET"])) == {200, 400, 401}
    assert set(await answered(world, described["/api/v2/analytics/{Id}"]["GET"])) == {401, 404}


def prepared(case, headers):
    asked = case.as_transport_kwargs(base_url="http://relay.example/turbosmtp", headers=headers)
    return requests.Request(**asked).prepare()
