"""Mailjet's Send API before 3.1."""


async def post(call, **fields):
    given = {"FromEmail": "ann@acme.example", "FromName": "Ann", "Subject": "Hi", "Text-part": "Hello"} | fields
    answer = await call("POST", "/mailjet/v3/send", given)
    return answer.status, answer.json()


async def test_recipients_get_messages_of_their_own_with_their_values(world, call):
    people = [{"Email": "bob@y.example", "Name": "Bob", "Vars": {"day": "Monday"}}, {"Email": "eve@y.example"}]
    fields = {"Mj-TemplateLanguage": "true", "Text-part": 'On {{var:day:"some day"}}', "Mj-campaign": "spring"}
    status, told = await post(call, Recipients=people, **fields)
    assert (status, [each["Email"] for each in told["Sent"]]) == (200, ["bob@y.example", "eve@y.example"])
    identity = world.services.directory.by_api_key(world.keys["acme"]["api_key"])
    number = told["Sent"][0]["MessageID"]
    first, second = [await world.services.recall.body(identity, number, place) for place in (1, 2)]
    assert (b"On Monday" in first, b"On some day" in second) == (True, True)


async def test_to_and_cc_are_one_message_with_labels_and_files(world, call):
    file = {"Content-type": "text/csv", "Filename": "a.csv", "content": "YSxi"}
    fields = {"MJ-CustomID": "17", "Mj-TrackOpen": 1, "Attachments": [file]}
    status, told = await post(call, To="Bob <bob@y.example>, eve@y.example", Cc="cc@y.example", **fields)
    assert (status, len(told["Sent"])) == (200, 3)
    number = told["Sent"][0]["MessageID"]
    content = (await world.store.spool.contents([number]))[number]
    assert (content.metadata, content.opens, content.recipients) == ({"CustomID": "17"}, False, 3)
    assert b'filename="a.csv"' in content.body


async def test_what_is_wrong_is_one_error_by_name(call):
    to = "bob@y.example"
    for fields, code, related in (
        ({"Text-part": "", "To": to}, "send-0003", ["HTMLPart", "TextPart", "TemplateID"]),
        ({"FromEmail": "ann@rival.example", "To": to}, "send-0008", ["From"]),
        ({"Nonsense": 1, "To": to}, "estafette-extra_forbidden", ["nonsense"]),
        ({"Recipients": [7]}, "mj-0004", ["Recipients"]),
        ({}, "mj-0007", ["To"]),
    ):
        status, told = await post(call, **fields)
        assert (status, told["ErrorCode"], told["ErrorRelatedTo"]) == (told["StatusCode"], code, related)
        assert status in {400, 403}
