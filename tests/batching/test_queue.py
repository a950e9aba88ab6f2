"""Which batches a queue makes of tasks, and when they are due: no threads."""

from __future__ import annotations

import numpy as np
import pytest

from server_ext.batching.parameters import Parameters
from server_ext.batching.queue import SWEEP_S, Queue
from server_ext.batching.task import Form, Task
from server_ext.errors import Code
from server_ext.lifecycle.pace import Pace
from server_ext.lifecycle.servable import Signature, Turn

FORM = Form(Signature("s", "", {}, {}, b""), ("x",), ("y",), (0,))


def task(rows, answers=None, came=0.0, deadline=None):
    answers = [] if answers is None else answers
    made = Task(FORM, [np.arange(rows)], rows, answers.append, Turn(deadline))
    made.came = came
    return made


class Nothing:
    """What runs batches of which nothing is known."""

    pace = Pace()

    def __call__(self, tasks):
        pass


def queue(**parameters):
    parameters.setdefault("max_execution_batch_size", parameters.get("max_batch_size", 1000))
    return Queue("m", Parameters(**parameters), Nothing())


def taken(queue):
    """Return the rows of the tasks of each batch."""
    batches = []
    while queue:
        batches.append([task.rows for task in queue.take()])
    return batches


@pytest.mark.parametrize(
    ("parameters", "rows", "batches"),
    [
        ({}, [1, 2, 3], [[1, 2, 3]]),
        ({"max_batch_size": 4}, [1, 2, 3], [[1, 2], [3]]),
        ({"max_batch_size": 3}, [3, 3], [[3], [3]]),
        ({"max_batch_size": 3}, [2, 2, 1], [[2], [2, 1]]),
        ({"max_batch_size": 9, "max_execution_batch_size": 4, "split": True}, [9], [[4], [4], [1]]),
        (
            {"max_batch_size": 9, "max_execution_batch_size": 4, "split": True},
            [3, 6, 3],
            [[3, 1], [4], [1, 3]],
        ),
        (
            {"max_batch_size": 9, "max_execution_batch_size": 4, "split": True},
            [4, 1],
            [[4], [1]],
        ),
    ],
)
def test_tasks_fill_batches_in_the_order_they_came(parameters, rows, batches):
    waiting = queue(**parameters)
    for count in rows:
        assert waiting.add(task(count)) is None

    assert taken(waiting) == batches


@pytest.mark.parametrize(
    ("rows", "due"),
    [([1], 5.5), ([1, 1], 5.5), ([1, 2], 0), ([3], 0), ([2, 2], 0)],
)
def test_a_batch_is_due_when_its_time_is_over_or_at_once_when_it_is_closed(rows, due):
    waiting = queue(max_batch_size=3, timeout_s=0.5)
    for position, count in enumerate(rows):
        waiting.add(task(count, came=5.0 + position))

    assert waiting.due() == due


def test_without_a_timeout_a_batch_is_due_at_once():
    waiting = queue()
    waiting.add(task(1, came=5.0))

    assert waiting.due() == 0


def test_a_task_that_fits_into_the_open_batch_is_taken_by_a_queue_that_is_full():
    waiting = queue(max_batch_size=3, max_enqueued_batches=1)

    refusals = [waiting.add(task(rows)) for rows in (2, 2, 1, 1)]

    assert [refusal.code if refusal else None for refusal in refusals] == [
        None,
        Code.UNAVAILABLE,
        None,
        Code.UNAVAILABLE,
    ]


@pytest.mark.parametrize(
    ("waiting_rows", "rows", "numbers"),
    [
        ([], 9, (9, 8, 1, 2, 0, 4)),
        ([1], 8, (8, 7, 1, 2, 1, 4)),
        ([4], 5, (5, 4, 1, 2, 4, 4)),
        ([6], 3, (3, 2, 2, 2, 2, 4)),
    ],
)
def test_a_request_that_would_be_cut_needs_room_for_all_of_its_pieces(waiting_rows, rows, numbers):
    waiting = queue(
        max_batch_size=9, max_execution_batch_size=4, split=True, max_enqueued_batches=2
    )
    for count in waiting_rows:
        waiting.add(task(count))

    refusal = waiting.add(task(rows))

    assert refusal is not None
    assert refusal.code is Code.UNAVAILABLE
    assert refusal.message == (
        "The batch scheduling queue to which this task was submitted is full; task size is {} but "
        "scheduling capacity is only {} (num_enqueued_batches={}, max_enqueued_batches={}, "
        "open_batch_size={}, max_execution_batch_size={})".format(*numbers)
    )
    assert waiting.add(task(numbers[1])) is None


def test_who_has_left_is_removed_with_the_reason():
    waiting = queue(max_batch_size=2)
    stays, gone, late, last = (task(1, deadline=deadline) for deadline in (None, None, 7.0, 9.0))
    for each in (stays, gone, late, last):
        waiting.add(each)
    gone.turn.gone = True

    left = waiting.sweep(8.0)

    assert [(each, reason.code) for each, reason in left] == [
        (gone, Code.CANCELLED),
        (late, Code.RESOURCE_EXHAUSTED),
    ]
    assert taken(waiting) == [[1], [1]]


def test_a_queue_is_not_searched_again_at_once():
    waiting = queue()
    gone = task(1)
    waiting.add(gone)
    assert waiting.sweep(8.0) == []
    gone.turn.gone = True

    assert waiting.sweep(8.0 + SWEEP_S / 2) == []
    assert len(waiting.sweep(8.1 + SWEEP_S)) == 1
    assert waiting.take() == []
