"""``domain check`` and ``domain verify`` against a real DNS server."""

import json

import pytest
from tests.servers.service import HOST, RETURN_PATH, Service


@pytest.fixture
def service(folder, certificates, dns):
    made = Service(folder / "service", certificates, dns=dns.at)
    made.cli("init")
    made.cli("tenant", "create", "customer")
    return made


def added(service):
    records = service.cli("domain", "add", "customer.test", "--tenant", "customer")["records"]
    return {record["purpose"]: (record["name"], record["type"], record["value"]) for record in records}


def error(done):
    return json.loads(done.stderr)["error"]


def test_what_is_missing_is_named_record_by_record(service, dns):
    records = added(service)
    dns.add([records["ownership"], records["spf"]])
    done = service.run("domain", "check", "customer.test", "--json", check=False)
    found = {line["purpose"]: line["ok"] for line in json.loads(done.stdout)["records"]}
    assert done.returncode == 1
    assert found == {
        "ownership": True, "dkim": False, "spf": True, "dmarc": False, "return_path": False, "inbound": False,
    }  # fmt: skip


def test_a_wrong_value_is_shown_beside_the_right_one(service, dns):
    name, kind, value = added(service)["ownership"]
    dns.add([(name, kind, "estafette-verification=another")])
    done = service.run("domain", "check", "customer.test", "--json", check=False)
    line = next(line for line in json.loads(done.stdout)["records"] if line["purpose"] == "ownership")
    assert (line["value"], line["found"], line["ok"]) == (value, ["estafette-verification=another"], False)


def test_verify_believes_dns_alone(service, dns):
    records = added(service)
    refused = service.run("domain", "verify", "customer.test", "--json", check=False)
    assert (refused.returncode, error(refused)["place"]) == (1, "_estafette.customer.test TXT")
    assert service.cli("domain", "show", "customer.test")["status"] == "pending"
    dns.add([records["ownership"]])
    assert service.cli("domain", "verify", "customer.test")["status"] == "verified"


def test_everything_published_as_printed_is_found(service, dns):
    records = service.cli("domain", "add", "customer.test", "--tenant", "customer")["records"]
    dns.add([(record["name"], record["type"], record["value"]) for record in records])
    checked = service.cli("domain", "check", "customer.test")
    assert all(line["ok"] for line in checked["records"])
    assert len(checked["records"]) == len(records)


def test_a_silent_resolver_is_not_an_absent_record(folder, certificates):
    service = Service(folder / "service", certificates, dns=("127.0.0.1", 1))
    service.cli("init")
    service.cli("tenant", "create", "customer")
    added(service)
    done = service.run("domain", "verify", "customer.test", "--json", check=False)
    assert (done.returncode, error(done)["place"]) == (1, "dns.servers")


def told(service):
    done = service.run("doctor", "--json", check=False)
    return {line["check"]: line for line in json.loads(done.stdout)["items"]}


def test_doctor_sees_that_names_agree(service, dns):
    dns.add([(HOST, "A", "192.0.2.7"), ("7.2.0.192.in-addr.arpa", "PTR", f"{HOST}.")])
    dns.mail_exchanger(RETURN_PATH, "192.0.2.7", HOST)
    dns.add([(f"*._report._dmarc.{RETURN_PATH}", "TXT", "v=DMARC1")])
    found = told(service)
    assert {found[check]["state"] for check in ("dns", "hostname", "ptr", "return_path", "reports", "tls")} == {"good"}


def test_doctor_says_what_to_publish(service, dns):
    dns.add([(HOST, "A", "192.0.2.7"), ("7.2.0.192.in-addr.arpa", "PTR", "dsl-7.provider.test.")])
    dns.mail_exchanger(RETURN_PATH, "192.0.2.9", "elsewhere.test")
    found = told(service)
    assert found["ptr"]["cause"] == f"192.0.2.7 is dsl-7.provider.test, not {HOST}"
    assert f"MX 10 {HOST}." in found["return_path"]["fix"]
    assert f'*._report._dmarc.{RETURN_PATH}. TXT "v=DMARC1"' in found["reports"]["fix"]
    assert found["listen.submission"]["state"] == "warning"
    assert all(line["fix"] for line in found.values() if line["state"] != "good")
