from __future__ import annotations

from collections import Counter

import pytest

from estafette.config.schema import Egress
from estafette.model.rule import Filter
from estafette.store.interface.spool import Taken

PERSONAL, TRANSACTIONAL, BULK = 0, 1, 2


def test_a_person_passes_a_hundred_thousand_bulk_on_the_same_site(rig):
    courier = rig()
    courier.service = lambda _job: 0.5
    courier.accept((courier.row() for _ in range(100_000)), told=False)
    courier.summaries()
    # the plain dictionary spool is sorted once, so that the test reads it quickly
    backlog = sorted(courier.spool.values(), key=lambda row: row.message)

    def take(_feed, _until, after, limit, _exclude):
        rows = backlog[(after[1] - 1000 if after else 0) :][:limit]
        last = rows[-1] if len(rows) == limit else None
        found = [row for row in rows if row.key in courier.spool]
        return Taken(found, (last.due, last.message, last.number) if last else None)

    courier.take = take
    courier.run(20)
    waits = []
    for turn in range(20):
        sent = courier.accept([courier.row(priority=PERSONAL, tenant=f"t{turn}")])[0]
        at = courier.mono
        courier.run(0.7)
        waits.append(courier.started[sent.key] - at)
    assert max(waits) < 0.01
    assert len(courier.ended) > 300
    assert courier.scheduler.ready <= 2001


def test_all_priorities_backlogged_each_gets_its_share(rig):
    courier = rig()
    for priority in (PERSONAL, TRANSACTIONAL, BULK):
        courier.accept(courier.row(priority=priority) for _ in range(2000))
    courier.run(10)
    served = Counter(row.priority for _, row in courier.attempts)
    total = sum(served.values())
    assert served[PERSONAL] > served[TRANSACTIONAL] > served[BULK]
    assert served[BULK] / total > 0.05
    assert total > 500


def test_tenants_take_turns_whatever_their_backlog(rig):
    courier = rig()
    courier.accept(courier.row(tenant="big") for _ in range(1500))
    courier.accept(courier.row(tenant="small") for _ in range(50))
    courier.run(2)
    served = Counter(row.tenant for _, row in courier.attempts)
    assert served["small"] == 50
    assert served["big"] >= 50


def test_a_tenant_of_large_mail_gets_octets_not_messages(rig):
    courier = rig()
    courier.accept(courier.row(tenant="fat", size=400_000) for _ in range(300))
    courier.accept(courier.row(tenant="thin", size=40_000) for _ in range(1000))
    courier.run(5)
    served = Counter(row.tenant for _, row in courier.attempts)
    assert 5 <= served["thin"] / served["fat"] <= 20


def test_recipients_of_a_person_share_a_transaction_and_stay_together(rig):
    courier = rig()
    rows = [courier.row(priority=PERSONAL, message=77, number=n) for n in range(1, 251)]
    courier.accept(rows)
    courier.answer = lambda _job, _row: {"verdict": "deferred"}
    jobs = courier.start()
    assert [len(job.deliveries) for job in jobs] == [100, 100, 50]
    dues = {each.due for each in courier.land(jobs[0])}
    assert len(dues) == 1
    bulk = rig()
    bulk.accept(bulk.row(message=78, number=n) for n in range(1, 6))
    assert [len(job.deliveries) for job in bulk.start()] == [1, 1, 1, 1, 1]


def test_a_dead_site_is_probed_and_does_not_delay_others(rig):
    courier = rig()
    courier.answer = lambda _job, _row: (
        {"verdict": "deferred", "site_failure": True, "phase": "connect", "reason": "refused"}
        if _job.site == "dead.example"
        else {"verdict": "delivered"}
    )
    courier.accept(courier.row(lane="dead.example", domain="d.example") for _ in range(500))
    courier.accept(courier.row() for _ in range(500))
    courier.run(300)
    tried = [at for at, row in courier.attempts if row.lane == "dead.example"]
    assert len(tried) <= 15
    assert len(courier.ended) == 500
    state = next(each for each in courier.scheduler.lane_states(courier.mono) if each.site == "dead.example")
    assert state.dead
    courier.answer = lambda _job, _row: {"verdict": "delivered"}
    courier.run(3600)
    assert len(courier.ended) == 1000


def test_unattempted_outcomes_keep_the_retry_schedule(rig):
    courier = rig()
    courier.accept([courier.row(attempts=2)])
    courier.answer = lambda _job, _row: {"verdict": "deferred", "attempted": False, "reason": "suspended"}
    courier.run(3600)
    assert len(courier.decisions) > 20
    assert all(not each.spent for each in courier.decisions)
    assert next(iter(courier.spool.values())).attempts == 2


def test_hold_keeps_rows_in_the_spool_and_release_brings_them_back(rig):
    courier = rig()
    courier.accept(courier.row(tenant="held") for _ in range(300))
    courier.accept(courier.row() for _ in range(300))
    courier.hold(1, tenant="held")
    courier.run(60)
    assert {row.tenant for _, row in courier.attempts} == {"acme"}
    assert courier.scheduler.ready == 0
    assert courier.scheduler.wanted(courier.wall) == []
    courier.lift()
    courier.run(60)
    assert len(courier.ended) == 600


def test_withdrawn_rows_are_not_handed_out_until_forgotten(rig):
    courier = rig()
    rows = courier.accept(courier.row(campaign="spring" if n % 2 else "") for n in range(40))
    taken = courier.scheduler.withdraw(Filter(campaign="spring"))
    assert len(taken) == 20
    courier.scheduler.arrived(rows, courier.wall)
    courier.run(30)
    assert all(row.campaign == "" for _, row in courier.attempts)
    courier.scheduler.committed(row.key for row in taken)
    assert not any(courier.scheduler.holds(row.key) for row in taken)


def test_released_jobs_go_first_again(rig):
    courier = rig()
    courier.accept(courier.row() for _ in range(5))
    jobs = courier.start()
    for job in reversed(jobs):
        for row in job.deliveries:
            del courier.flying[row.key]
        courier.slots.clear()
        courier.scheduler.released(job, courier.wall)
    courier.landings.clear()
    assert courier.scheduler.in_flight == 0
    assert [job.deliveries for job in courier.start()] == [job.deliveries for job in jobs]


def test_unknown_domains_are_asked_for_once_and_wait(rig):
    courier = rig()
    courier.accept(courier.row(lane="example.com") for _ in range(100))
    assert courier.scheduler.unplaced() == ["example.com"]
    assert courier.scheduler.unplaced() == []
    assert courier.start() == []
    courier.scheduler.placed("example.com", "google", courier.wall)
    assert {job.site for job in courier.start()} == {"google"}
    courier.accept([courier.row(lane="example.com")])
    assert courier.scheduler.unplaced() == []


def test_a_domain_that_cannot_be_placed_fails_by_the_schedule(rig):
    courier = rig()
    courier.accept([courier.row(lane="example.com")])
    courier.scheduler.unplaced()
    courier.scheduler.place_failed("example.com", courier.wall, 30.0)
    assert [job.site for job in courier.start()] == ["example.com"]
    courier.pass_time(31)
    courier.accept([courier.row(lane="example.com")])
    assert courier.scheduler.unplaced() == ["example.com"]
    assert len(courier.start()) == 1


def test_mail_by_a_smarthost_has_one_lane_and_needs_no_placement(rig):
    courier = rig(egress={"out": Egress(smarthost="smtp://u@relay.example:587")})
    courier.accept(courier.row(egress="out", lane=f"d{n}.example", domain=f"d{n}.example") for n in range(3))
    assert {job.site for job in courier.start()} == {"relay.example"}
    assert courier.scheduler.unplaced() == []


def test_bulk_keeps_to_its_share_and_people_are_never_shaped(rig):
    rate, share, size = 20_000_000, 0.7, 50_000
    courier = rig(egress={"default": Egress(bandwidth=rate, bulk_share=share)})
    courier.service = lambda _job: 0.01
    for site in range(20):
        courier.accept(courier.row(lane=f"s{site}.example", size=size) for _ in range(60))
    sent = []
    for turn in range(40):
        person = courier.accept([courier.row(priority=PERSONAL, size=size, tenant=f"p{turn}")])[0]
        assert person.key not in courier.started
        courier.run(0.1)
        sent.append(courier.started[person.key] - (courier.mono - 0.1))
    assert max(sent) < 0.001
    bulk = [at for at, row in courier.attempts if row.priority == BULK]
    allowed = rate / 8 * share * 1.1 + size
    for begin in bulk:
        assert sum(size for at in bulk if begin <= at < begin + 1) <= allowed
    assert len(bulk) * size > rate / 8 * share * 4 * 0.6


def test_people_make_bulk_yield(rig):
    courier = rig(egress={"default": Egress(bandwidth=8_000_000, bulk_share=1.0)})
    courier.service = lambda _job: 0.001
    courier.accept(courier.row(size=50_000) for _ in range(200))
    courier.accept(courier.row(priority=PERSONAL, size=50_000, lane="b.example") for _ in range(100))
    courier.run(2)
    served = Counter(row.priority for _, row in courier.attempts)
    assert served[PERSONAL] == 100
    assert served[BULK] <= 6
    courier.run(20)
    assert sum(row.priority == BULK for _, row in courier.attempts) > 100


def test_a_provider_rate_is_kept(rig):
    courier = rig()
    courier.service = lambda _job: 0.001
    courier.accept(courier.row(lane="yahoo.co.jp") for _ in range(300))
    courier.run(10)
    assert 95 <= len(courier.attempts) <= 115


def test_a_blocked_million_costs_only_its_window(rig):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": "deferred", "site_failure": True, "phase": "connect"}
    blocked = [courier.row(lane="dead.example") for _ in range(5000)]
    courier.accept(blocked[:20])
    courier.run(1)
    courier.accept(blocked[20:])
    assert courier.scheduler.ready <= 128


def test_pressure_evicts_lanes_that_cannot_send(rig):
    courier = rig(max_rows=200)
    courier.accept(courier.row(lane=f"d{n % 4}.example", domain=f"d{n % 4}.example") for n in range(400))
    assert courier.scheduler.ready <= 200
    courier.accept(courier.row() for _ in range(50))
    courier.run(5)
    assert sum(row.lane == "mx.example" for _, row in courier.attempts) == 50
    for name in courier.scheduler.unplaced():
        courier.scheduler.placed(name, "x.example", courier.wall)
    courier.run(60)
    assert len(courier.ended) == 450


def test_idle_lanes_are_forgotten(rig):
    courier = rig()
    courier.accept(courier.row(lane=f"s{n}.example") for n in range(100))
    courier.run(5)
    assert len(courier.scheduler.lanes) == 100
    courier.pass_time(2000)
    courier.accept([courier.row(lane="new.example")])
    courier.run(2000)
    courier.accept([courier.row(lane="new.example")])
    courier.run(5)
    assert len(courier.scheduler.lanes) <= 1


def test_jobs_in_flight_are_capped_and_people_keep_a_tenth(rig):
    courier = rig(most=20)
    courier.accept(courier.row(lane=f"s{n}.example") for n in range(100))
    assert len(courier.start()) == 18
    courier.accept([courier.row(priority=PERSONAL)])
    assert len(courier.start()) == 1


def test_a_delivery_without_an_outcome_is_ready_again(rig):
    courier = rig()
    courier.accept([courier.row()])
    job = courier.scheduler.next(courier.wall, courier.mono)
    assert courier.scheduler.finished(job, (), courier.wall, courier.mono) == []
    assert courier.scheduler.next(courier.wall, courier.mono).deliveries == job.deliveries


def test_rows_for_later_wait_without_memory(rig):
    courier = rig()
    courier.accept([courier.row(due=courier.wall + 600)])
    assert courier.scheduler.ready == 0
    courier.run(590)
    assert courier.attempts == []
    courier.run(20)
    assert len(courier.ended) == 1


def test_a_settled_row_is_not_taken_again_before_its_commit(rig):
    courier = rig()
    rows = courier.accept([courier.row()])
    courier.land(courier.start()[0])
    courier.scheduler.arrived(rows, courier.wall)
    courier.summaries()
    courier.scheduler.reread()
    courier.read()
    assert courier.start() == []
    assert courier.scheduler.holds(rows[0].key)
    courier.commit()
    assert not courier.scheduler.holds(rows[0].key)


@pytest.mark.parametrize("verdict", ["delivered", "deferred", "unknown"])
@pytest.mark.parametrize("way", ["read", "push"])
def test_a_copy_of_a_row_from_before_its_commit_is_not_tried_again(rig, verdict, way):
    courier = rig()
    courier.answer = lambda _job, _row: {"verdict": verdict}
    rows = courier.accept([courier.row()], told=way == "read")
    courier.summaries()
    courier.scheduler.reread()
    ask = courier.scheduler.wanted(courier.wall)[0]
    if way == "push":
        courier.scheduler.filled(ask.feed, Taken(rows, None), courier.wall)
    courier.land(courier.start()[0])
    courier.landings.clear()
    courier.commit()
    if way == "read":
        courier.scheduler.filled(ask.feed, Taken(rows, None), courier.wall)
    else:
        courier.scheduler.arrived(rows, courier.wall)
    assert courier.scheduler.next(courier.wall, courier.mono) is None
    courier.run(4000)
    assert len(courier.attempts) == (1 if verdict == "delivered" else len(courier.decisions))
