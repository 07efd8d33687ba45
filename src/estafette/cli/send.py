"""``estafette send``, or a link to it named ``sendmail``: submission through the running service's Unix socket.

Exit codes are sendmail's (sysexits.h), so that cron, PHP, mutt and scripts understand them.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from estafette.base.errors import ConfigFault, Fault, Refusal
from estafette.cli import output
from estafette.cli.call import call
from estafette.cli.local_message import LocalMessage, addresses
from estafette.cli.local_names import local_names
from estafette.cli.sendmail_options import Misused, Options, read_options
from estafette.cli.submission import NoService, Parcel, Refused, transact

EX_USAGE, EX_DATAERR, EX_NOUSER, EX_UNAVAILABLE, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 64, 65, 67, 69, 75, 77, 78
SOCKET = "submit.sock"
#: Where systemd's unit puts the socket for every user of the machine, who may not read settings and data.
COMMON = Path("/run/estafette")
_HELP = "estafette send [-t] [-i] [-f FROM] [-F NAME] [-N NOTIFY] [-R full|hdrs] TO ... < message"


def send(arguments: Sequence[str]) -> int:
    """Read a message from stdin and submit it; return a sendmail exit code."""
    if "--help" in arguments or list(arguments) == ["-h"]:
        print(_HELP)
        return 0
    try:
        options = read_options(arguments)
        place = _place(options)
        parcel = _parcel(options)
    except Misused as error:
        output.failure(Fault(str(error), place="estafette send", fix=error.fix))
        return EX_USAGE
    except Refusal as refusal:
        output.failure(Fault(refusal.public, place="the header of the message", fix="send less of it"))
        return EX_DATAERR
    except ConfigFault as fault:
        output.failure(fault)
        return EX_CONFIG
    return _submit(place, parcel)


def _place(options: Options) -> Path:
    """Return where the service listens for local users; ConfigFault when the settings cannot say it."""
    from estafette.store.open import folder_of

    call.config = options.config or call.config
    named = call.config or "ESTAFETTE_STORE__URL" in os.environ or _is_there(Path("estafette.toml"))
    if not named and _is_there(COMMON / SOCKET):
        return COMMON / SOCKET
    try:
        return folder_of(call.settings.store.url) / SOCKET
    except OSError as error:
        fix = f"let the service run with RuntimeDirectory=estafette: {COMMON / SOCKET} needs no settings"
        cause = f"the settings cannot be read: {error.strerror}"
        raise ConfigFault(cause, place=str(error.filename or ""), fix=fix) from None


def _is_there(file: Path) -> bool:
    """Tell whether a file is there; one in a folder that this user may not enter is not."""
    try:
        return file.exists()
    except OSError:
        return False


def _parcel(options: Options) -> Parcel:
    """Return what is to be handed in; Misused when it is for nobody, Refusal for a header without end."""
    if not options.recipients and not options.from_fields:
        raise Misused("no recipient was given", "name one, or use -t")
    message = LocalMessage(sys.stdin.buffer.read(), dot_ends=options.dot_ends)
    named = addresses(options.recipients) + (message.recipients() if options.from_fields else [])
    if not named:
        raise Misused("neither To, Cc nor Bcc names a recipient", "name one in a field, or on the command line")
    names = local_names()
    sender = options.sender if options.sender is not None else message.author() or _user()
    return Parcel(
        sender=names.complete(sender),
        recipients=list(dict.fromkeys(found for each in named for found in names.expand(each))),
        message=message.completed(names, names.complete(sender or _user()), options.full_name),
        notify=options.notify,
        returned=options.returned,
    )


def _submit(place: Path, parcel: Parcel) -> int:
    try:
        accepted = transact(place, parcel)
    except Refused as refused:
        output.failure(_told(refused, place))
        return _exit_code(refused)
    except PermissionError:
        output.failure(Fault("this user may not submit", place=str(place), fix="let the user reach the folder"))
        return EX_NOPERM
    except NoService as error:
        output.failure(Fault(f"the service does not answer: {error}", place=str(place), fix="start estafette serve"))
        return EX_UNAVAILABLE
    except OSError as error:
        output.failure(Fault(f"the connection ended: {error}", place=str(place), fix="try again"))
        return EX_TEMPFAIL
    if call.json:
        output.document({"id": accepted, "status": "queued"})
    return 0


def _told(refused: Refused, place: Path) -> Fault:
    if refused.code not in (530, 535):
        return Fault(refused.text, place=str(place), fix="see the reply; nobody got the message")
    user = _user()
    fix = f'[send] {user} = "USERNAME of a credential", then restart the service'
    return Fault(f"user {user} is mapped to no credential", place="[send]", fix=fix)


def _user() -> str:
    """Return the name of the user that the kernel tells the service."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _exit_code(refused: Refused) -> int:
    """Return the code of sysexits.h: 5.7.z says that the caller may not (RFC 3463 section 3.8)."""
    if refused.code < 500:
        return EX_TEMPFAIL
    if refused.step == "recipient" and refused.code not in (530, 535):
        return EX_NOUSER
    return EX_NOPERM if refused.code in (530, 535) or refused.text[4:8] == "5.7." else EX_DATAERR
