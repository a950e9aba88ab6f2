from __future__ import annotations

import numpy as np
import pytest

from server_ext.batching.task import Form, Task
from server_ext.errors import Code, InvalidArgument, ServingError
from server_ext.lifecycle.servable import Signature, Turn

FORM = Form(Signature("s", "", {}, {}, b""), ("x",), ("y",), (0,))


def task(rows, answers, deadline=None):
    return Task(FORM, [np.arange(rows)], rows, answers.append, Turn(deadline))


@pytest.mark.parametrize(
    ("deadline", "gone", "code"),
    [
        (None, False, None),
        (8.0, False, None),
        (7.0, False, Code.RESOURCE_EXHAUSTED),
        (6.0, False, Code.RESOURCE_EXHAUSTED),
        (8.0, True, Code.CANCELLED),
        (6.0, True, Code.RESOURCE_EXHAUSTED),
    ],
)
def test_a_task_has_left_when_its_caller_or_its_time_is_gone(deadline, gone, code):
    waiting = task(1, [], deadline)
    waiting.turn.gone = gone

    reason = waiting.left(7.0)

    assert (reason.code if reason else None) is code


def test_pieces_are_answered_together_in_their_order():
    answers: list[object] = []
    whole = task(7, answers)

    first, second, third = whole.pieces(2, 4)
    for piece in (third, first):
        piece.done([piece.arrays[0] * 10, piece.arrays[0]])
    assert answers == []
    second.done([second.arrays[0] * 10, second.arrays[0]])

    [outputs] = answers
    assert [output.tolist() for output in outputs] == [
        [0, 10, 20, 30, 40, 50, 60],
        [0, 1, 2, 3, 4, 5, 6],
    ]


def test_a_piece_that_fails_fails_its_request_once_all_have_run():
    answers: list[object] = []
    error = InvalidArgument("no")

    first, second = task(2, answers).pieces(1, 1)
    first.done(error)
    assert answers == []
    second.done([second.arrays[0]])

    assert answers == [error]


def test_pieces_whose_outputs_do_not_fit_together_are_an_error_and_no_silence():
    answers: list[object] = []
    first, second = task(3, answers).pieces(2, 2)

    first.done([np.zeros((2, 5))])
    second.done([np.zeros((1, 4))])

    (answer,) = answers
    assert isinstance(answer, ServingError)
    assert "send fewer rows" in answer.message


def test_pieces_share_their_turn_and_waited_as_long():
    whole = task(3, [])
    whole.came = 5.0

    assert [(piece.rows, piece.came, piece.turn) for piece in whole.pieces(1, 1)] == [
        (1, 5.0, whole.turn)
    ] * 3


def test_a_request_that_fits_is_not_cut():
    whole = task(3, [])

    assert whole.pieces(3, 4) == [whole]
