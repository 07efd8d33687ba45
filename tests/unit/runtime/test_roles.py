"""Which processes the settings ask for."""

from estafette.config.schema import Runtime, Settings
from estafette.runtime.roles import processes


def names(**runtime):
    return [process.name for process in processes(Settings(runtime=Runtime(**runtime)))]


def test_one_intake_shares_the_process_of_the_store():
    assert names() == ["front", "courier-1", "web-1", "public-1"]
    assert processes(Settings())[0].roles == ("store", "intake", "janitor")


def test_several_intakes_have_a_store_of_their_own_that_starts_first():
    assert names(intake=2, courier=2) == [
        "store", "intake-1", "intake-2", "courier-1", "courier-2", "web-1", "public-1",
    ]  # fmt: skip


def test_roles_can_be_picked():
    assert [process.name for process in processes(Settings(), ("courier",))] == ["courier-1"]
