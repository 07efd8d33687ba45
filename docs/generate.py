"""Write the pages of docs/reference that follow from the code; a test fails when they differ from it.

Run: .venv/bin/python docs/generate.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast, get_args

from estafette.cli.main import VERBS, build
from estafette.config.explain import reference
from estafette.model.event import EventKind
from estafette.model.journey import MOVES

FOLDER = Path(__file__).parent / "reference"
SOURCE = FOLDER.parents[1] / "src" / "estafette"
METRIC = re.compile(r'\b(counter|gauge|histogram)\(\s*"(\w+)",\s*"([^"]+)"')
NOTE = "<!-- written by docs/generate.py -->\n"

EVENTS = {
    "queued": "accepted durably",
    "sent": "a smarthost took it (250); nothing further is known",
    "deferred": "a temporary failure; it is tried again",
    "delivered": "the recipient's mail server took it (final 250)",
    "bounced": "refused for good by the remote side, or, reason `late`, reported so after it had been taken",
    "rejected": "refused before any attempt (suppressed, quota)",
    "failed": "our own final end (expired, cancelled, policy)",
    "complained": "the recipient called it spam: once for each copy, however often it is reported",
    "unsubscribed": "the recipient left a stream, or its `topic`; `source` says how: `one_click`, `click` or `mailto`",
    "subscribed": "the recipient joined a stream or topic again that he had left (page of topics)",
    "opened": "the pixel was fetched; `hit` says by what: a person, or a machine",
    "clicked": "a link was followed; `hit` says by what, and which link",
    "autoresponded": "a program answered: `reason` is `auto_reply`, `challenge`, `address_change` or `disposition`",
    "unknown": "lost after the final dot, or returned mail that moves nothing: `reason` says what it was",
    "duplicate_delivery": "delivered a second time, after a crash between the answer and its record",
    "inbound": "mail came in by a route of a domain: `route` says which, `recipient` to which address, `reason`"
    " what was done with it (`forward`, `webhook`, `keep`, `refused_by_server`); `message` is its own id",
    "replied": "somebody answered, by mail that came in by a route; it is told of the message answered, `source` is"
    " the id of the answer",
}


def settings() -> str:
    """Return the page of settings."""
    rows = [
        f"| `{key}` | {kind} | {meaning} | {f'`{default}`' if default else ''} |"
        for key, kind, meaning, default in reference()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "One TOML file: `./estafette.toml`, then `/etc/estafette/estafette.toml`, or `--config FILE`. A variable",
            "`ESTAFETTE_SECTION__KEY` overrides it (lists: JSON); `..._FILE` reads a text from a file. Sizes: `35MB`,",
            "times: `2m`, listeners as `0.0.0.0:587`. `estafette config show` tells where each value came from.",
            "",
            "| key | kind | meaning | default |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def verbs() -> str:
    """Return the page of verbs."""
    app = build()
    lines = [
        "# Verbs",
        "",
        "`estafette VERB`. Every verb takes `--config FILE` and `--json` anywhere on the line. Exit 0 done, 1 failed,",
        "2 usage; `send` uses sendmail's codes. Errors go to stderr as cause, place and fix.",
        "",
    ]
    for verb, (_, text) in VERBS.items():
        lines += [f"## {verb}", "", text, ""]
        if verb == "send":
            lines += [
                "`estafette send [-t] [-i] [-f FROM] [-F NAME] TO ... < message`; as a link named `sendmail` too",
                "",
            ]
            continue
        children = [app[verb][name] for name in app[verb] if not name.startswith("-")]
        if app[verb].default_command or not children:
            children.insert(0, app[verb])
        lines += [_verb(verb, child) for child in children]
        lines.append("")
    return "\n".join(lines)


def _verb(verb: str, app: Any) -> str:
    name = f"{verb} {app.name[0]}" if app.name[0] != verb else verb
    names = [
        "/".join(argument.names) for argument in app.assemble_argument_collection() if argument.show and argument.parse
    ]
    text = (app.help or "").strip().split("\n")[0]
    return f"- `estafette {name}` {text} {' '.join(f'`{each}`' for each in names)}".rstrip()


def events() -> str:
    """Return the page of events."""
    rows = [f"| `{kind}` | {EVENTS[kind]} |" for kind in get_args(EventKind)]
    return "\n".join(
        [
            "# Events",
            "",
            "Each event is one line of `estafette events` and one item of `GET /v1/events`. `hit` of an `opened` or",
            "`clicked` says what caused it: `agent` (`human`, `proxy_prefetch`, `image_proxy`, `scanner`, `preview`,",
            "`unknown`), `reasons`, and in a correction `was`, the class under which it was counted before. `count`",
            "is above 1 only in aggregate measuring, where an event names no message and no recipient. `category`,",
            "`scope` and `rule` say what a reply of a server means and by which rule: [what replies mean](replies.md).",
            "",
            "| kind | meaning |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def journey() -> str:
    """Return the table of legal moves of a recipient."""
    rows = [f"| {state} | {move} | {after} | {owner} |" for (state, move), (after, owner) in MOVES.items()]
    return "\n".join(["| state | event | next state | by |", "| --- | --- | --- | --- |", *rows])


def endpoints() -> str:
    """Return the page of endpoints, from the OpenAPI document."""
    from estafette.web.app import routes

    schema = routes(cast("Any", None)).openapi()
    rows = []
    for path, methods in schema["paths"].items():
        if path.replace("/tenants/{tenant}", "") in schema["paths"] and path.count("{tenant}/"):
            continue
        for method, operation in methods.items():
            text = operation.get("description", operation["summary"])
            needs = operation.get("x-permission", "")
            rows.append(f"| `{method.upper()} {path}` | {f'`{needs}`' if needs else ''} | {' '.join(text.split())} |")
    return "\n".join(
        [
            "# Endpoints",
            "",
            "On `listen.http`, with `Authorization: Bearer API_KEY` for everything under `/v1`, which is described at",
            "`/v1/openapi.json` (OpenAPI 3.1). Errors are problem documents (RFC 9457) with `code`, `detail`, `fix`.",
            "Prometheus metrics are at `/metrics` on `listen.metrics`.",
            "",
            "The second column is the [permission](permissions.md) that the caller needs. What belongs to a tenant",
            "is under `/v1/tenants/{tenant}/...` too; without it the key says whose it is, or `?tenant=`. Somebody",
            "else's is not found. Lists take `limit` and `after` (the `next` of the page before). What has an `ETag`",
            'is changed with its `If-Match`: 428 without, 412 when it changed since; `"*"` takes whatever is there.',
            "`RateLimit` and `RateLimit-Policy` say how many calls a key has left (`limits.api_rate`).",
            "",
            "| endpoint | needs | does |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def permissions() -> str:
    """Return the page of roles and what they may do."""
    from estafette.tenancy.permissions import OPERATOR_ONLY, ROLES
    from estafette.web.api.actor import CREDENTIAL_SCOPES

    every = sorted(set().union(*ROLES.values()))
    rows = [
        f"| `{permission}` | {' | '.join('yes' if permission in held else '' for held in ROLES.values())} | "
        f"{'yes' if permission in CREDENTIAL_SCOPES else ''} |"
        for permission in every
    ]
    return "\n".join(
        [
            "# Permissions",
            "",
            "Who calls the API, or works on the page, holds a role in a tenant; people of an agency hold theirs in",
            "the accounts of its clients too (owner, admin, developer and marketer). A management key holds the part",
            "of its maker's role that its scopes name. The last column is the `api_key` of a credential. `read` is",
            "everything but bills, people and the audit; `break_glass` is the owner's look at what is private, with",
            "a reason, audited.",
            "",
            f"| permission | {' | '.join(ROLES)} | credential |",
            f"| --- | {' | '.join('---' for _ in ROLES)} | --- |",
            *rows,
            "",
            f"Only the operators of the service hold {', '.join(f'`{each}`' for each in sorted(OPERATOR_ONLY))};",
            "they hold all others in every tenant. `anyone` at an endpoint means: whoever is known, for what is its",
            "own.",
            "",
        ]
    )


def metrics() -> str:
    """Return the page of metrics, read from their declarations."""
    rows = []
    for file in sorted(SOURCE.rglob("*.py")):
        for kind, name, text in METRIC.findall(file.read_text(encoding="utf-8")):
            # The exposition format gives counters a suffix of their own.
            shown = f"estafette_{name}_total" if kind == "counter" else f"estafette_{name}"
            rows.append(f"| `{shown}` | {kind} | {text} |")
    head = ["# Metrics", "", "Prometheus text on `listen.metrics`, path `/metrics`.", ""]
    return "\n".join([*head, "| name | kind | meaning |", "| --- | --- | --- |", *rows, ""])


PAGES = {
    "metrics": metrics,
    "settings": settings,
    "verbs": verbs,
    "events": events,
    "endpoints": endpoints,
    "permissions": permissions,
}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / f"{page}.md").write_text(NOTE + write(), encoding="utf-8")
