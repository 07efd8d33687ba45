"""Mailjet's resources of messages and senders, seen by their own account only."""


def message():
    return {"From": {"Email": "ann@acme.example"}, "To": [{"Email": "bob@y.example"}], "TextPart": "x",
            "CustomCampaign": "spring"}  # fmt: skip


async def sent(call, **how):
    answer = await call("POST", "/mailjet/v3.1/send", {"Messages": [message()]}, **how)
    return answer.json()["Messages"][0]["To"][0]


async def test_a_message_and_its_figures_are_those_of_its_account_only(world, call):
    made = await sent(call)
    number = made["MessageID"]
    told = (await call("GET", f"/mailjet/v3/REST/message/{number}")).json()
    assert (told["Count"], told["Data"][0]["ID"]) == (1, number)
    assert told["Data"][0]["Status"] == "queued"
    figures = (await call("GET", f"/mailjet/v3/REST/messageinformation/{number}")).json()["Data"][0]
    assert (figures["ID"], figures["SentCount"]) == (number, 0)
    assert (await call("GET", f"/mailjet/v3/REST/messagehistory/{number}")).json()["Data"] == []
    for noun in ("message", "messagehistory", "messageinformation"):
        answer = await call("GET", f"/mailjet/v3/REST/{noun}/{number}", account="rival")
        assert (answer.status, answer.json()["StatusCode"]) == (404, 404)


async def test_a_persons_mail_is_its_senders_alone(call, personal, feed):
    number = (await sent(call, account=personal))["MessageID"]
    await feed()
    places = [f"/mailjet/v3/REST/{noun}/{number}" for noun in ("message", "messagehistory", "messageinformation")]
    assert [(await call("GET", place, account=personal)).status for place in places] == [200, 200, 200]
    assert [(await call("GET", place)).status for place in places] == [404, 404, 404]
    assert (await call("GET", "/mailjet/v3/REST/message", account=personal)).json()["Data"][0]["ID"] == number
    assert (await call("GET", "/mailjet/v3/REST/message")).json()["Data"] == []


async def test_a_filter_that_we_do_not_have_is_refused_by_name(call):
    answer = await call("GET", "/mailjet/v3/REST/message?CustomID=7")
    assert (answer.status, answer.json()["ErrorRelatedTo"]) == (400, ["CustomID"])


async def test_senders_are_the_domains_of_the_account(call):
    told = (await call("GET", "/mailjet/v3/REST/sender")).json()["Data"]
    assert [(each["Email"], each["Status"]) for each in told] == [("*@acme.example", "Active")]
    for name in (told[0]["ID"], "*@acme.example"):
        assert (await call("GET", f"/mailjet/v3/REST/sender/{name}")).json()["Data"] == told
    assert (await call("GET", "/mailjet/v3/REST/sender/*@rival.example")).status == 404


async def test_a_credential_adds_no_senders(call):
    answer = await call("POST", "/mailjet/v3/REST/sender", {"Email": "*@other.example"})
    assert (answer.status, answer.json()["ErrorCode"]) == (403, "estafette-forbidden")
