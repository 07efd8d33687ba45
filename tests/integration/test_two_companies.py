"""Two companies share a service: neither sends as, sees, or changes anything of the other."""

import json
import smtplib
from email.policy import SMTP

import pytest
from tests.servers.companies import Api, by_api, by_command_line
from tests.servers.letters import await_login, letter, signed_by, stripped, submit
from tests.servers.service import Service


@pytest.fixture
def service(folder, certificates, dns, postfix):
    with Service(folder / "service", certificates, dns=dns.at, mx_port=postfix.port) as made:
        made.operator = made.cli("init")["api_key"]
        yield made


@pytest.fixture
def companies(service, dns):
    made = by_command_line(service, dns)
    service.start()
    return made


def sent(service, company, sender, recipient="jane@example.test"):
    return submit(service, company, letter(sender, recipient), [recipient])


def signed_by_each(service, companies, dns, postfix):
    for name, company in companies.items():
        sent(service, company, f"anna@{name}.test")
    for message in postfix.wait(2):
        (name,) = [name for name in companies if f"anna@{name}.test".encode() in message]
        assert signed_by(message, dns, f"{name}.test")


def test_set_up_by_the_command_line_alone(service, companies, dns, postfix):
    signed_by_each(service, companies, dns, postfix)


def test_set_up_by_the_api_alone(service, dns, postfix):
    service.start()
    companies = by_api(service, dns, service.operator)
    for company in companies.values():
        await_login(service, company)
    signed_by_each(service, companies, dns, postfix)


def test_nobody_sends_as_the_other(service, companies, postfix):
    alpha = companies["alpha"]
    with pytest.raises(smtplib.SMTPResponseException) as envelope:
        _with_envelope(service, alpha, "anna@beta.test", letter("anna@beta.test", "jane@example.test"))
    message = letter("anna@alpha.test", "jane@example.test")
    message.replace_header("From", "Beta <anna@beta.test>")
    with pytest.raises(smtplib.SMTPResponseException) as header:
        _with_envelope(service, alpha, "anna@alpha.test", message)
    body = {"from": "anna@beta.test", "to": "jane@example.test", "text": "Hello"}
    status, problem = Api(service, alpha["api_key"]).ask("POST", "/v1/emails", body)
    assert (envelope.value.smtp_code, header.value.smtp_code, status) == (550, 550, 403)
    assert problem["code"] == "sender_not_allowed"
    assert service.waiting() == []
    assert postfix.messages() == []


def _with_envelope(service, company, sender, message):
    with smtplib.SMTP(service.address, service.submission, timeout=20) as client:
        client.starttls(context=service.certificates.client())
        client.login(company["username"], company["password"])
        steps = (
            lambda: client.mail(sender),
            lambda: client.rcpt("jane@example.test"),
            lambda: client.data(message.as_bytes(policy=SMTP)),
        )
        for step in steps:
            code, reply = step()
            if code != 250:
                raise smtplib.SMTPResponseException(code, reply)


def test_a_key_belongs_to_a_tenant_and_a_domain(service, companies, dns, postfix):
    """Beta adds alpha's domain too: it gets keys of its own, proves nothing, and signs nothing."""
    stolen = service.cli("domain", "add", "alpha.test", "--tenant", "beta")
    done = service.run("domain", "verify", "alpha.test", "--tenant", "beta", check=False)
    assert done.returncode == 1
    with pytest.raises(smtplib.SMTPResponseException):
        sent(service, companies["beta"], "anna@alpha.test")
    sent(service, companies["alpha"], "anna@alpha.test")
    (message,) = postfix.wait()
    assert signed_by(message, dns, "alpha.test")
    head = stripped(message).partition(b"\r\n\r\n")[0]
    selectors = {each["name"].partition("._domainkey")[0] for each in stolen["records"] if each["purpose"] == "dkim"}
    assert not any(f"s={selector}".encode() in head for selector in selectors)


def test_nobody_sees_or_changes_what_is_the_others(service, companies):
    alpha, beta = companies["alpha"], companies["beta"]
    reply = sent(service, alpha, "anna@alpha.test", "jane@nowhere.invalid")
    message = reply.rpartition(" ")[2]
    stranger = Api(service, beta["api_key"])
    paths = [
        f"/v1/emails/{message}", f"/v1/tenants/{alpha['tenant']}", "/v1/tenants/alpha/credentials",
        f"/v1/credentials/{alpha['id']}", f"/v1/credentials/{alpha['username']}", "/v1/suppressions?tenant=alpha",
    ]  # fmt: skip
    assert [stranger.ask("GET", path)[0] for path in paths] == [404] * len(paths)
    for path in ("/v1/queue", "/v1/events", "/v1/tenants", "/v1/credentials"):
        assert alpha["tenant"] not in json.dumps(stranger.do("GET", path))
    acts = [
        ("POST", f"/v1/tenants/alpha/credentials/{alpha['id']}/revoke", None),
        ("PATCH", "/v1/tenants/alpha", {"identity": "beta"}),
        ("POST", "/v1/tenants/alpha/suppressions", {"address": "jane@example.test"}),
    ]
    assert [stranger.ask(*act, If_Match="*")[0] for act in acts] == [404] * 3
    assert service.cli("credential", "show", alpha["id"])["revoked"] is None
    # What bounced is suppressed by itself; of what was asked here nothing may be there.
    by_hand = [each for each in service.cli("suppression", "list")["items"] if each["reason"] != "bounced"]
    assert by_hand == []
    service.run("queue", "cancel", "--all")
