"""What deploy/ and the pages promise fits the program: units, containers, dashboards, settings, command lines."""

import configparser
import contextlib
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from cyclopts import MissingArgumentError

from estafette.cli.main import VERBS, build
from estafette.config.load import load
from estafette.config.schema import Settings

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
COMMAND = re.compile(r"`(?:\S*/)?estafette ([^`\n]+)`|^(?:sudo -u \S+ )?(?:\S*/)?estafette (\w[^\n#]*)", re.MULTILINE)


def unit():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(ROOT / "deploy/estafette.service")
    return parser


def test_the_unit_starts_a_verb_that_says_when_it_is_ready():
    service = unit()["Service"]
    words = shlex.split(service["ExecStart"])
    assert words[0].endswith("/.venv/bin/estafette")
    assert words[1] in VERBS
    assert service["Type"] == "notify"
    assert service["StateDirectory"] == Path(Settings().store.url.removeprefix("sqlite://")).name
    assert "CAP_NET_BIND_SERVICE" in service["AmbientCapabilities"]
    assert int(service["TimeoutStopSec"]) > 60


def test_systemd_reads_the_unit(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here")
    copy = tmp_path / "estafette.service"
    text = (ROOT / "deploy/estafette.service").read_text()
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text).replace("User=estafette", "User=root"))
    done = subprocess.run([program, "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert "estafette.service" not in done.stderr, done.stderr


def test_the_dashboard_asks_for_metrics_that_exist():
    known = set(re.findall(r"`(estafette_\w+)`", (ROOT / "docs/reference/metrics.md").read_text()))
    board = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"estafette_\w+", target["expr"])
    }
    assert asked
    assert asked <= known
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_alerts_of_the_page_exist_too():
    known = set(re.findall(r"`(estafette_\w+)`", (ROOT / "docs/reference/metrics.md").read_text()))
    page = (ROOT / "docs/how-to/monitoring.md").read_text()
    assert set(re.findall(r"estafette_\w+", page)) <= known


def test_the_container_opens_the_ports_of_the_settings():
    text = (ROOT / "deploy/Containerfile").read_text()
    exposed = {int(port) for port in re.search(r"^EXPOSE (.+)$", text, re.MULTILINE)[1].split()}
    listen = Settings().listen
    doors = (listen.submission, listen.submissions, listen.mx, listen.http, listen.public, listen.metrics)
    assert exposed == {port for door in doors for _, port in door}


def test_the_example_settings_load():
    assert load(str(ROOT / "examples/estafette.toml"), {}).settings.service.hostname == "mx1.example.net"


def test_settings_on_the_pages_load(tmp_path):
    for page in PAGES:
        for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
            text = re.sub(r"^ +", "", block, flags=re.MULTILINE)
            file = tmp_path / "page.toml"
            file.write_text(text.replace("/etc/estafette/relay.password", str(tmp_path / "secret")))
            (tmp_path / "secret").write_text("secret")
            tomllib.loads(text)
            load(str(file), {})


def commands():
    for page in [path for path in PAGES if path.parent.name not in ("reference", "decisions")]:
        for quoted, plain in COMMAND.findall(page.read_text().replace("\\\n", " ")):
            yield page.name, (quoted or plain).partition(" > ")[0].strip()


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_command_lines_on_the_pages_are_understood(page, line):
    words = shlex.split(line)
    if words[0].isupper():
        return
    assert words[0] in VERBS, page
    if words[0] != "send":
        # A verb that is only named, without what it needs, is understood too.
        with contextlib.suppress(MissingArgumentError):
            build().parse_args([word for word in words if word != "--json"], exit_on_error=False, print_error=False)
