"""Every legal move is made, every illegal one refused: by the table, and by the store that follows it."""

from itertools import product

import pytest

from estafette.model.journey import ENDS, MOVES, STAYS, IllegalMove, Move, State, move

ILLEGAL = [pair for pair in product(State, Move) if pair not in MOVES]


@pytest.mark.parametrize(("state", "by"), MOVES)
def test_a_legal_move_leads_where_the_table_says(state, by):
    assert move(state, by) is MOVES[state, by][0]


@pytest.mark.parametrize(("state", "by"), ILLEGAL)
def test_an_illegal_move_is_refused(state, by):
    with pytest.raises(IllegalMove, match=state.value):
        move(state, by)


def test_what_ends_a_waiting_recipient_never_also_keeps_it():
    assert not ENDS & STAYS
    assert {"delivered", "sent", "bounced", "failed", "rejected"} == ENDS
    assert {"deferred", "unknown"} == STAYS
