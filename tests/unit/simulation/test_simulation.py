"""The simulation draws what the facts measured, repeats itself, and knows nothing of what is judged by it."""

import ast
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from tests.simulation import world
from tests.simulation.mailing import Hit, Plan, World

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def played() -> World:
    return world.play(Plan(seed=1, recipients=4_000, links=10))


def _scans(played: World) -> dict[int, list[Hit]]:
    scans = defaultdict(list)
    for hit in played.hits:
        if hit.cause == "scanner" and hit.kind == "clicked":
            scans[hit.recipient].append(hit)
    return {number: hits for number, hits in scans.items() if len(hits) >= 9}


def test_it_imports_nothing_of_what_it_judges():
    for file in (ROOT / "tests/simulation").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("estafette")], file


def test_equal_plans_give_equal_worlds_and_other_seeds_other_ones(played):
    assert world.play(played.plan).hits == played.hits
    assert world.play(Plan(seed=2, recipients=4_000, links=10)).hits != played.hits


def test_gateways_fetch_all_links_within_a_second_and_when_it_was_measured(played):
    scans = _scans(played)
    starts = {who.number: who.delivered for who in played.recipients}
    firsts = [hits[0].at - starts[number] for number, hits in scans.items()]
    assert len(scans) > 300
    assert 36 < statistics.median(firsts) < 50
    assert 0.26 < sum(first > 60 for first in firsts) / len(firsts) < 0.36
    assert sum(first < 20 for first in firsts) / len(firsts) < 0.06
    within = [sum(hit.at < hits[0].at + 1.0 for hit in hits) for hits in scans.values()]
    assert statistics.median(within) >= 9


def test_pixels_of_gateways_come_a_median_nine_seconds_after_delivery(played):
    starts = {who.number: who.delivered for who in played.recipients}
    pixels = [h.at - starts[h.recipient] for h in played.hits if h.cause == "scanner" and h.kind == "opened"]
    assert 7 < statistics.median(pixels) < 11


def test_the_prefetcher_comes_whether_or_not_the_mail_is_read(played):
    read = {who.number for who in played.recipients if who.reads}
    prefetched = {hit.recipient for hit in played.hits if hit.cause == "prefetch"}
    assert 0.3 < len(prefetched & read) / len(prefetched) < 0.46
    assert {hit.agent for hit in played.hits if hit.cause == "prefetch"} == {"Mozilla/5.0"}


def test_planted_rates_come_true_in_the_long_run():
    worlds = [world.play(Plan(seed=seed, recipients=4_000)) for seed in range(1, 6)]
    people = [who for each in worlds for who in each.recipients]
    assert sum(who.reads for who in people) / len(people) == pytest.approx(0.38, abs=0.015)
    assert sum(who.clicks for who in people) / len(people) == pytest.approx(0.06, abs=0.007)
    clicked = {
        (i, hit.recipient) for i, each in enumerate(worlds) for hit in each.hits if hit.cause == "person" and hit.link
    }
    assert len(clicked) == sum(who.clicks for who in people)


def test_a_patient_scanner_opens_the_only_link_once_from_an_address_of_its_own():
    played = world.play(Plan(seed=1, recipients=2_000, links=1, patient=1.0))
    patient = [hit for hit in played.hits if hit.cause == "patient_scanner"]
    assert len(patient) > 200
    assert len({hit.address for hit in patient}) == len(patient)
    starts = {who.number: who.delivered for who in played.recipients}
    assert min(hit.at - starts[hit.recipient] for hit in patient) > 120


def test_the_program_prints_what_is_known_the_hits_and_the_truth_apart():
    run = [sys.executable, "-m", "tests.simulation", "--seed", "3", "--recipients", "200", "--click-rate", "0.1"]
    lines = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    first, *hits, last = [json.loads(line) for line in lines]
    assert len(first["mailing"]["recipients"]) == 200
    assert set(hits[0]) == {"at", "kind", "recipient", "link", "address", "agent", "method", "purpose"}
    assert last["truth"]["planted"]["click_rate"] == 0.1
    assert len(last["truth"]["causes"]) == len(hits)
