"""``estafette VERB``: finds the verb, runs it, tells errors as cause, place and fix. Exit 0, 1 or 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from estafette.base.errors import Fault, Refusal
from estafette.cli import call as shared

_SHARED = "Every verb takes --config FILE (else ./estafette.toml, /etc/estafette/estafette.toml) and --json."

#: verb -> (where it lives, what it does); a verb's module is imported only when that verb runs.
VERBS: dict[str, tuple[str, str]] = {
    "dev": ("dev:dev", "Run everything on this machine; mail is captured, not sent."),
    "init": ("init:init", "Create store, keyring and the first operator."),
    "serve": ("serve:serve", "Run the service in the foreground."),
    "config": ("config:app", "Check and show the settings."),
    "operator": ("operator:app", "People who run the service."),
    "tenant": ("tenant:app", "Organisations that send."),
    "domain": ("domain:app", "Sending domains and the DNS records that prove them."),
    "route": ("route:app", "Where mail that comes to a domain goes."),
    "credential": ("credential:app", "What lets an employee or an application in."),
    "user": ("user:app", "People of a tenant and their roles."),
    "key": ("key:app", "What programs of a tenant administer with."),
    "sender": ("sender:app", "Single addresses that may send, verified by a mailed link."),
    "stream": ("stream:app", "Classes of mail of a tenant."),
    "topic": ("topic:app", "What the mail of a stream is about; recipients choose."),
    "plan": ("plan:app", "What tenants may send, in which windows, and at what price."),
    "pack": ("pack:app", "Units that a tenant bought ahead."),
    "usage": ("usage:app", "What tenants have used, and how long the rest will do."),
    "statistics": ("statistics:app", "What happened to mail, counted: totals, rates, comparison."),
    "insight": ("insight:app", "What the numbers mean: waterfalls, providers, suggestions, alerts."),
    "statement": ("statement:app", "What a tenant used in a month, and what that costs."),
    "pace": ("pace:app", "Streams that a rule or the operator has slowed."),
    "suspension": ("suspension:app", "Mail that a rule or the operator has stopped."),
    "complaint": ("complaint:app", "What recipients complained about."),
    "ticket": ("ticket:app", "What people wrote to abuse@ and postmaster@."),
    "inbound": ("inbound:app", "Mail that came in by the routes of domains."),
    "report": ("report:app", "What receivers say of our mail (DMARC) and of TLS with our servers."),
    "person": ("person:app", "People who got mail, and want to be forgotten."),
    "suppression": ("suppression:app", "Addresses that get no mail."),
    "import-suppressions": ("suppression:import_suppressions", "Take a list of addresses that get no mail."),
    "consent": ("consent:app", "Who may be measured."),
    "template": ("template:app", "Texts with places for values: draft, publish, preview."),
    "webhook": ("webhook:app", "Addresses that are called with what happens to mail."),
    "keyring": ("keyring:app", "Keys under which secrets rest: list, rotate, seal again."),
    "audit": ("audit:app", "Who changed what."),
    "send": ("send:send", "Submit a message from stdin, as sendmail does."),
    "queue": ("queue:app", "Mail that waits: look, retry, hold, release, cancel, purge."),
    "message": ("message:app", "The story of one message."),
    "tracking": ("tracking:app", "What opens and clicks were judged as, and would be by now."),
    "events": ("events:app", "The event log, a JSON line each."),
    "classify": ("classify:explain", "What a server's reply means."),
    "reclassify": ("reclassify:reclassify", "What the rules would say otherwise of the replies in the log."),
    "ledger": ("ledger:ledger", "Prove that every accepted recipient is accounted for."),
    "doctor": ("doctor:doctor", "Look for what is wrong around the service."),
    "backup": ("backup:backup", "Copy the store while it runs."),
    "restore": ("restore:restore", "Put a backup into service; its mail is held."),
    "migrate": ("migrate:migrate", "Bring the control tables to this release."),
    "bench": ("bench:bench", "Say how to measure this machine."),
    "completion": ("completion:completion", "Print the completion script of a shell."),
}


def build() -> Any:
    """Return the command-line application; verbs stay unimported until they are asked for."""
    from cyclopts import App

    from estafette import __version__

    app = App(
        name="estafette",
        help="An SMTP relay service: accepts, keeps, signs and delivers mail.",
        help_epilogue=_SHARED,
        version=__version__,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    for verb, (place, text) in VERBS.items():
        app.command(f"estafette.cli.{place}", name=verb, help=text)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    from estafette.cli.output import failure

    try:
        rest, found = shared.split(arguments)
        shared.call.config, shared.call.json = found.config, found.json
        return _verb(rest)
    except shared.Usage as fault:
        failure(fault)
        return 2
    except Fault as fault:
        failure(fault, getattr(fault, "faults", ())[1:])
        return 1
    except Refusal as refusal:
        failure(Fault(refusal.public, place=refusal.rule, fix="see the rule's page in docs/reference"))
        return 1
    except ValueError as error:
        # AddressError and AlreadyThere of the rooms below carry a sentence for whoever typed the value.
        failure(Fault(str(error), place=" ".join(arguments[:3]), fix="correct the value"))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        failure(_of_system(error, arguments))
        return 1


def _of_system(error: OSError, arguments: Sequence[str]) -> Fault:
    """Say what the machine refused, and what an operator does about it."""
    place = str(error.filename or " ".join(arguments[:3]))
    if isinstance(error, PermissionError):
        return Fault("permission denied", place=place, fix="run as the service's user: sudo -u estafette estafette ...")
    return Fault(error.strerror or str(error), place=place, fix="see the cause")


def _verb(rest: list[str]) -> int:
    if rest[:1] == ["send"]:
        # sendmail's options (-oi, -t -fADDR) follow rules of their own, and start-up time counts for it.
        from estafette.cli.send import send

        return send(rest[1:])
    from cyclopts import CycloptsError

    app = build()
    try:
        result = app(rest)
    except CycloptsError as error:
        raise shared.Usage(
            " ".join(str(error).split()),
            place=" ".join(["estafette", *rest[:2]]),
            fix="see --help of this verb",
        ) from error
    return result if isinstance(result, int) else 0


def main() -> NoReturn:
    """Enter from the shell; called ``sendmail`` by a link, it is ``estafette send``."""
    verb = ["send"] if sys.argv[0].rpartition("/")[2] == "sendmail" else []
    sys.exit(run([*verb, *sys.argv[1:]]))


if __name__ == "__main__":
    main()
