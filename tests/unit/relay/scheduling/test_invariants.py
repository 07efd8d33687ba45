from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from estafette.model.rule import Filter
from estafette.store.interface.spool import Taken

_spec = importlib.util.spec_from_file_location("scheduling_rig", Path(__file__).with_name("conftest.py"))
_rig = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]  # a file beside
sys.modules["scheduling_rig"] = _rig
_spec.loader.exec_module(_rig)

VERDICTS = st.sampled_from([
    {"verdict": "delivered"},
    {"verdict": "deferred"},
    {"verdict": "bounced"},
    {"verdict": "unknown"},
    {"verdict": "deferred", "retry_after": 7.0},
    {"verdict": "deferred", "site_failure": True, "phase": "connect"},
    {"verdict": "deferred", "attempted": False},
])  # fmt: skip


class Courier(RuleBasedStateMachine):
    """Any order of arrivals, reads, ends, commits, rules, commands of the operator and clock jumps.

    Wake-ups are lost or late, reads bring what was true when they began, commits wait. Nothing is lost, nothing is in
    flight twice or after its end, connections are bounded, a person gets in at once, and in the end all is done.
    """

    def __init__(self):
        super().__init__()
        self.rig = _rig.Rig(max_rows=300)
        self.accepted = 0
        self.cancelled = 0
        self.reads = []
        self.pushes = []

    @rule(
        count=st.integers(1, 80),
        priority=st.integers(0, 2),
        tenant=st.sampled_from("ab"),
        lane=st.sampled_from(["google", "mx.example", "new.example", "other.example"]),
        told=st.sampled_from(["at once", "late", "never"]),
        shared=st.booleans(),
        late=st.sampled_from([0.0, 0.0, 100.0]),
    )
    def accept(self, count, priority, tenant, lane, told, shared, late):
        domain = lane if lane in {"new.example", "other.example"} else "example.com"
        rows = [
            self.rig.row(priority=priority, tenant=tenant, lane=lane, domain=domain, due=self.rig.wall + late)
            for _ in range(count)
        ]
        if shared:
            first = rows[0].message
            rows = [
                self.rig.row(
                    priority=priority,
                    tenant=tenant,
                    lane=lane,
                    domain=domain,
                    message=first,
                    number=n,
                    due=rows[0].due,
                )
                for n in range(1, count + 1)
            ]
        self.accepted += count
        self.rig.accept(rows, told=told == "at once")
        if told == "late":
            self.pushes.append(rows)

    @precondition(lambda self: self.pushes)
    @rule()
    def late_wake_up(self):
        self.rig.scheduler.arrived(self.pushes.pop(0), self.rig.wall)

    @rule()
    def begin_reads(self):
        for ask in self.rig.scheduler.wanted(self.rig.wall):
            self.reads.append((ask.feed, self.rig.take(ask.feed, ask.until, ask.after, ask.limit, ask.exclude)))

    @precondition(lambda self: self.reads)
    @rule(at=st.integers(0, 63))
    def end_read(self, at):
        feed, taken = self.reads.pop(at % len(self.reads))
        self.rig.scheduler.filled(feed, taken, self.rig.wall)

    @rule()
    def say_again(self):
        self.rig.scheduler.arrived(list(self.rig.spool.values())[:100], self.rig.wall)

    @rule()
    def read(self):
        self.rig.read()

    @rule()
    def start(self):
        self.rig.start()

    @precondition(lambda self: self.rig.landings)
    @rule(verdict=VERDICTS, count=st.integers(1, 10), commit=st.booleans())
    def land(self, verdict, count, commit):
        self.rig.answer = lambda _job, _row: verdict
        for _ in range(min(count, len(self.rig.landings))):
            self.rig.land(self.rig.landings.pop()[2])
        if commit:
            self.rig.commit()

    @precondition(lambda self: self.rig.landings)
    @rule()
    def release(self):
        job = self.rig.landings.pop()[2]
        for row in job.deliveries:
            del self.rig.flying[row.key]
        self.rig.slots.discard((job.site, job.egress, job.slot))
        self.rig.scheduler.released(job, self.rig.wall)

    @rule()
    def commit(self):
        self.rig.commit()

    @rule(seconds=st.sampled_from([0.1, 6.0, 70.0, 1000.0]))
    def pass_time(self, seconds):
        self.rig.pass_time(seconds)

    @rule(jump=st.sampled_from([-90000.0, -100.0, 100.0, 90000.0]))
    def clock_jumps(self, jump):
        self.rig.wall += jump

    @rule()
    def overdue(self):
        self.rig.overdue()

    @rule()
    def summaries(self):
        self.rig.summaries()

    @rule(tenant=st.sampled_from("ab"), number=st.integers(1, 5))
    def hold(self, tenant, number):
        self.rig.hold(number, tenant=tenant)

    @rule(verdict=VERDICTS, way=st.sampled_from(["read", "push"]))
    def a_commit_overtakes(self, verdict, way):
        """What a read or a push carries was true when it left; meanwhile attempts end and are committed."""
        rig = self.rig
        rig.answer = lambda _job, _row: verdict
        rig.scheduler.reread()
        self.begin_reads()
        copies = list(rig.spool.values())[:100]
        rig.start()
        while rig.landings:
            rig.land(rig.landings.pop()[2])
        rig.commit()
        while way == "read" and self.reads:
            self.end_read(0)
        if way == "push":
            rig.scheduler.arrived(copies, rig.wall)
        rig.start()

    @rule(domain=st.sampled_from(["new.example", "example.com"]), number=st.integers(6, 9))
    def hold_domain(self, domain, number):
        self.rig.hold(number, domain=domain)

    @rule()
    def lift(self):
        self.rig.lift()

    @rule(tenant=st.sampled_from("ab"))
    def cancel(self, tenant):
        """End what waits and is not under way, as the line does for the operator."""
        rig = self.rig
        taken = {row.key for row in rig.scheduler.withdraw(Filter(tenant=tenant))}
        free = [row for row in rig.spool.values() if row.tenant == tenant]
        free = [row for row in free if row.key in taken or not rig.scheduler.holds(row.key)]
        self.cancelled += len(free)
        for row in free:
            del rig.spool[row.key]
        # A copy that a read or push still brings is kept back by the rule, which stands until nothing waits.
        gone = {row.key for row in free}
        self.reads = [(f, Taken([r for r in t.rows if r.key not in gone], t.after)) for f, t in self.reads]
        self.pushes = [[row for row in rows if row.key not in gone] for rows in self.pushes]
        rig.scheduler.committed(taken | gone)

    @rule(tenant=st.sampled_from("ab"))
    def retry_now(self, tenant):
        """Make everything due that waits, under way or not, as the store does for the operator."""
        for key, row in self.rig.spool.items():
            if row.tenant == tenant:
                self.rig.spool[key] = _rig.replace(row, due=self.rig.wall)
        self.rig.scheduler.reread()

    @precondition(lambda self: not self.reads and self.rig.scheduler.ready < 200)
    @rule(lane=st.sampled_from(["google", "mx.example"]))
    def a_person_gets_in(self, lane):
        """Whatever waits or flies: while no other person does, the next one's message starts at once."""
        rig = self.rig
        rig.commit()
        rig.read()
        rig.start()
        state = next((each for each in rig.scheduler.lane_states(rig.mono) if each.site == lane), None)
        if state is not None and (state.dead or state.until or state.waiting[0]):
            return
        if any(not job.priority and job.site == lane for job in rig.flying.values()):
            return
        self.accepted += 1
        (row,) = rig.accept([rig.row(priority=0, tenant="person", lane=lane, domain="person.example")])
        rig.start()
        assert row.key in rig.flying

    @rule(site=st.sampled_from(["google", "", "new.example"]))
    def place(self, site):
        for domain in self.rig.scheduler.unplaced():
            self.answer(domain, site)

    def answer(self, domain, site):
        if not site:
            self.rig.scheduler.place_failed(domain, self.rig.wall, 60.0)
            return
        self.rig.scheduler.placed(domain, site, self.rig.wall)
        for key, row in self.rig.spool.items():
            if row.lane == domain:
                self.rig.spool[key] = _rig.replace(row, lane=site)

    @invariant()
    def memory_is_bounded_and_counted(self):
        scheduler = self.rig.scheduler
        ready = sum(len(window.rows) for window in scheduler._shelf.windows.values())
        assert scheduler.ready == ready
        assert ready <= 300 + 100
        assert scheduler.in_flight == len({id(job) for job in self.rig.flying.values()})
        held = ready + len(self.rig.flying) + len(self.rig.uncommitted)
        assert len(scheduler._shelf.held) == held

    def teardown(self):
        rig = self.rig
        rig.answer = lambda _job, _row: {"verdict": "delivered"}
        while self.reads:
            self.end_read(0)
        rig.lift()
        for _ in range(60):
            for domain in rig.scheduler.unplaced():
                self.answer(domain, "google")
            rig.summaries()
            rig.run(4000)
            if not rig.spool:
                break
        assert rig.spool == {}
        assert len(rig.ended) + self.cancelled == self.accepted
        assert len({each.delivery.key for each in rig.ended}) == len(rig.ended)


TestCourier = Courier.TestCase
TestCourier.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    phases=(Phase.generate,),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
