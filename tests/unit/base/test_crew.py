"""The crew: every piece of work is answered, whatever the threads do at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from estafette.base.crew import Crew


@pytest.mark.parametrize("failing", [False, True])
async def test_every_result_of_a_crew_comes_back(failing: bool) -> None:
    loop = asyncio.get_running_loop()
    crew = Crew(loop, 4, "test")

    def work(number: int) -> int:
        if failing:
            raise ValueError(number)
        return number

    answers = await asyncio.wait_for(
        asyncio.gather(*[crew.submit(work, n) for n in range(5000)], return_exceptions=True), 20
    )
    assert [each.args[0] if isinstance(each, ValueError) else each for each in answers] == list(range(5000))
    crew.close()
