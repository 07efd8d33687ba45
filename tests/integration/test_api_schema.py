"""The API answers what its OpenAPI document says, whatever comes: schemathesis against the running service."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.servers.service import Service

EXAMPLES = 12
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
#: What the generator cannot guess: half of the time it gets a thing that is there.
THERE = {"tenant": "customer", "domain": "customer.test", "stream": "bulk", "name": "bulk"}


@pytest.fixture
def service(folder, certificates):
    with Service(folder / "service", certificates, settings={"limits": {"api_rate": 1_000_000}}) as made:
        made.operator = made.cli("init")["api_key"]
        made.cli("tenant", "create", "customer")
        made.cli("domain", "add", "customer.test", "--tenant", "customer")
        made.cli("domain", "verify", "customer.test", "--force")
        made.held = made.credential()
        made.start()
        yield made


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_answer_is_undocumented(service):
    schema = schemathesis.openapi.from_url(f"http://{service.address}:{service.http}/v1/openapi.json")
    there = THERE | {"credential": service.held["id"]}
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        key = (
            service.held["api_key"]
            if operation.path.startswith(("/v1/emails", "/v1/queue", "/v1/events"))
            else service.operator
        )
        asked += _try(operation, {"Authorization": f"Bearer {key}"}, there)
    assert asked > 200


def _try(operation, headers, there):
    asked = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def one(case):
        nonlocal asked
        asked += 1
        if asked % 2:
            case.path_parameters = {
                name: there.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
            case.query = {name: there.get(name, value) for name, value in (case.query or {}).items()}
            case.headers = {**(case.headers or {}), "If-Match": "*"}
        # An answer may be asked to wait for half a minute; nothing here is worth it.
        case.query = {name: value for name, value in (case.query or {}).items() if name != "wait"}
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    one()
    return asked
