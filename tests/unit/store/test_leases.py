from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from estafette.store.interface.spool import SHARDS
from estafette.store.sqlite.leases import Leases, shard_of

ACTS = st.lists(st.tuples(st.sampled_from(["lease", "release"]), st.sampled_from("abc"), st.integers(0, SHARDS)))


@given(ACTS)
def test_a_shard_has_one_owner_and_each_gift_a_new_epoch(acts):
    leases, given_out = Leases(100), set()
    for act, worker, want in acts:
        if act == "release":
            leases.release(worker)
            assert leases.owned(worker) == {}
            continue
        before = leases.owned(worker)
        for shard, epoch in leases.lease(worker, want).items() - before.items():
            assert epoch not in given_out
            given_out.add(epoch)
            assert shard in range(SHARDS)
        owned = [shard for each in "abc" for shard in leases.owned(each)]
        assert len(owned) == len(set(owned)) <= SHARDS


def test_resuming_gets_back_what_nobody_else_was_given():
    leases = Leases(100)
    epochs = leases.lease("a", SHARDS)
    leases.release("a")
    taken = set(leases.lease("b", 10))
    assert dict(leases.resume("a", epochs)) == {s: e for s, e in epochs.items() if s not in taken}


def test_a_fence_lets_through_the_owner_and_who_came_last():
    leases = Leases(100)
    epochs = leases.lease("a", SHARDS)
    lane = "example.com"
    assert leases.fence("a", epochs)(lane)
    assert not leases.fence("a", {shard_of(lane) + 1: 1})(lane)
    assert not leases.fence("a", {shard_of(lane): 1})(lane)
    leases.release("a")
    assert leases.fence("a", epochs)(lane)
    leases.lease("b", SHARDS)
    assert not leases.fence("a", epochs)(lane)
