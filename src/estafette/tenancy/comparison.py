"""Found against expected, record by record, in words that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from estafette.model.domain import DnsRecord
from estafette.net.authority import Seen
from estafette.tenancy import records, spf
from estafette.tenancy.office import Resource
from estafette.tenancy.published import Names
from estafette.tenancy.spelling import Host, spell

#: Names above a domain that may hold its DMARC policy (RFC 7489 section 6.6.3).
_PARENTS = 5


async def compare(printed: Resource, names: Names) -> Resource:
    """Return the records of a domain's resource, each with what its name servers have. Silent."""
    lines = printed["records"]
    assert isinstance(lines, list)
    # Together, because each waits for servers far away, the slowest of them for seconds.
    looked = await asyncio.gather(*(_looked(line, names) for line in lines))
    zone = next((zone for line, zone in looked if line["purpose"] == "ownership" and zone), "")
    compared = [line for line, _ in looked]
    return {"domain": printed["domain"], "status": printed["status"], "zone": zone, "records": compared}


async def _looked(line: Mapping[str, object], names: Names) -> tuple[Resource, str]:
    """Return a record's line as it was found, and the zone that holds its name."""
    record = msgspec.convert({name: line[name] for name in DnsRecord.__struct_fields__}, DnsRecord)
    seen = await names.look(record.name, record.type)
    return dict(line) | await _line(record, seen, names), seen.zone


async def _line(record: DnsRecord, seen: Seen, names: Names) -> Resource:
    ok = records.matches(record, seen.values)
    words = _words(record, seen, ok=ok)
    if record.purpose == "spf":
        ok, words = await _spf(record, seen, names)
    elif record.purpose == "dmarc":
        ok, words = await _dmarc(record, seen, names)
    state = "found" if ok else "different" if seen.values else "missing"
    if ok and seen.lacking:
        state, words = "partial", f"{words}; not yet at {', '.join(seen.lacking)}"
    return {
        "need": _need(record), "found": list(seen.values), "ok": ok, "state": state, "words": words,
        "asked": list(seen.asked), "silent": list(seen.silent),
    }  # fmt: skip


def _words(record: DnsRecord, seen: Seen, *, ok: bool) -> str:
    if ok:
        return "as it should be"
    advice = " (needed only for what it is for)" if record.purpose in records.OPTIONAL else ""
    if not seen.values:
        doubled = f"{record.name}.{seen.zone}" if seen.zone and record.name.endswith(seen.zone) else ""
        hint = f"; some forms add the zone themselves: look for {doubled}" if doubled and not advice else ""
        return f"no {record.type} record at {record.name}{advice}{hint}"
    if record.purpose == "dkim" and record.type == "TXT":
        return "there is a record, but its key is another one, or was cut: compare the p= part to its end"
    if record.purpose == "mx":
        return "mail of the domain goes elsewhere, as it may: lead it here only if all of it is to come"
    if record.purpose == "ownership":
        return "there is a record, but of another token: add this one beside it"
    return f"there is a record with another value{advice}"


async def _spf(record: DnsRecord, seen: Seen, names: Names) -> tuple[bool, str]:
    term = record.value.split()[1]
    found = spf.policies(seen.values)
    if not found:
        return False, f"no SPF policy; publish the value as it stands, it costs 1 of {spf.LOOKUPS} look-ups"
    if len(found) > 1:
        return False, "two SPF policies are none (RFC 7208 section 4.5): make one of them"
    named = spf.allows(found[0], term)
    whole = found[0] if named else spf.joined(found[0], term)
    cost = await spf.cost(whole, names)
    words = "as it should be" if named else f"keep your policy and add {term}: {whole}"
    words += f"; {cost.lookups} of {spf.LOOKUPS} look-ups"
    if cost.broken:
        words += f"; broken: {cost.broken}"
    if cost.void > spf.VOID_LOOKUPS:
        words += f"; {cost.void} look-ups find nothing, {spf.VOID_LOOKUPS} are allowed"
    if cost.lookups > spf.LOOKUPS:
        words += "; TOO MANY: receivers take the policy as broken, remove includes that are not used"
    return named and cost.lookups <= spf.LOOKUPS and not cost.broken, words


async def _dmarc(record: DnsRecord, seen: Seen, names: Names) -> tuple[bool, str]:
    name, place = record.name.removeprefix("_dmarc."), "here"
    values = [value for value in seen.values if value.lower().startswith("v=dmarc1")]
    for _ in range(_PARENTS):
        if values or name.count(".") < 2:
            break
        name = name.partition(".")[2]
        place = f"at {name}"
        above = await names.look(f"_dmarc.{name}", "TXT")
        values = [value for value in above.values if value.lower().startswith("v=dmarc1")]
    if not values:
        return False, "no DMARC policy; the large receivers want one from everybody who sends much"
    if len(values) > 1:
        return False, "two DMARC policies are none (RFC 7489 section 6.6.3): keep one"
    tags = {
        key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in values[0].split(";"))
    }
    words = f"p={tags.get('p', '?')} {place}"
    if tags.get("p") == "none":
        words += "; nothing is enforced: move to quarantine when reports show that all your mail passes"
    if tags.get("adkim") == "s":
        words += "; strict alignment: our signature is of exactly this domain, so it passes"
    if "rua" not in tags:
        return True, f"{words}; nobody gets its reports (rua)"
    here = record.value.partition("rua=")[2]
    known = not here or here.lower() in {each.partition("!")[0].strip().lower() for each in tags["rua"].split(",")}
    return True, words if known else f"{words}; to see its reports here, add {here} to rua"


def typed(record: DnsRecord, zone: str, form: Host) -> Resource:
    """Return what to type at a DNS host for a record."""
    return dict(msgspec.structs.asdict(spell(record, zone, form)))


def shown(record: DnsRecord) -> Resource:
    """Return a record's resource."""
    return dict(msgspec.structs.asdict(record))


def _need(record: DnsRecord) -> str:
    if record.purpose in records.REQUIRED:
        return "required"
    return "optional" if record.purpose in records.OPTIONAL else "recommended"
