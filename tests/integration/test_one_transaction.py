"""Personal mail to several people at one site crosses the wire once."""

import re


def test_twenty_recipients_share_one_transaction(shared_rig):
    people = [f"p{number}@example.test" for number in range(20)]
    shared_rig.send(*people, credential=shared_rig.personal())
    for person in people:
        shared_rig.arrived(person)
    queued = re.findall(r"(\w+): to=<p\d+@example.test>", shared_rig.postfix.log())
    assert len(queued) == 20
    assert len(set(queued)) == 1, "Postfix took it in more than one transaction"
