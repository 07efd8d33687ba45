"""``estafette dev`` on an empty folder: its printed swaks and curl lines work as they stand."""

import json

import pytest
from tests.servers.calendar import until
from tests.servers.dev import Dev


@pytest.mark.parametrize(("tool", "answer"), [("swaks", "250 2.0.0 queued as"), ("curl", '"id"')])
def test_the_printed_line_works(folder, servers, tool, answer):
    with Dev(folder) as dev:
        assert answer in dev.shell(dev.line(tool))
        events = [json.loads(line) for line in dev.shell('"$ESTAFETTE" events').splitlines()]
        assert events[0]["kind"] == "queued"


def test_a_complaint_is_played_again_and_again(folder, servers):
    with Dev(folder) as dev:
        for played in (1, 2):
            dev.shell(dev.line("curl").replace("delivered@simulator.test", "complaint@simulator.test"))
            until(lambda times=played: dev.shell('"$ESTAFETTE" events').count('"complained"') == times)
        told = [json.loads(line) for line in dev.shell('"$ESTAFETTE" events').splitlines()]
        assert [each["kind"] for each in told if each["message"] == told[0]["message"]] == [
            "queued", "delivered", "complained",
        ]  # fmt: skip
