"""``estafette dev`` on an empty folder: its printed swaks and curl lines work as they stand."""

import json

import pytest
from tests.servers.dev import Dev


@pytest.mark.parametrize(("tool", "answer"), [("swaks", "250 2.0.0 queued as"), ("curl", '"id"')])
def test_the_printed_line_works(folder, servers, tool, answer):
    with Dev(folder) as dev:
        assert answer in dev.shell(dev.line(tool))
        events = [json.loads(line) for line in dev.shell('"$ESTAFETTE" events').splitlines()]
        assert events[0]["kind"] == "queued"
