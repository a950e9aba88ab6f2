"""Events on their way to one reader."""

from __future__ import annotations

import asyncio

from server_ext.jupyter.feed import MOST_EVENTS, Feed


def event(number):
    return {"type": "sample", "at": number}


def run(work):
    return asyncio.run(work())


def test_events_are_taken_in_their_order_and_once():
    async def work():
        feed = Feed()
        feed.put(event(1))
        feed.put(event(2))
        assert await feed.wait(5)
        return feed.take(), feed.take()

    assert run(work) == ([event(1), event(2)], [])


def test_a_reader_that_waits_is_woken_and_one_without_events_is_told_so():
    async def work():
        feed = Feed()
        nothing = await feed.wait(0.001)
        waiting = asyncio.create_task(feed.wait(30))
        await asyncio.sleep(0)
        feed.put(event(1))
        return nothing, await waiting

    assert run(work) == (False, True)


def test_a_slow_reader_loses_its_events_and_is_due_for_the_full_state():
    async def work():
        feed = Feed()
        for number in range(MOST_EVENTS + 10):
            feed.put(event(number))
        assert await feed.wait(5)
        behind = feed.take()
        feed.put(event(99))
        assert await feed.wait(5)
        return behind, feed.take()

    assert run(work) == (None, [event(99)])


def test_lines_of_the_log_are_for_those_who_want_them():
    async def work():
        feeds = Feed(logs=True), Feed(logs=False)
        for feed in feeds:
            feed.put({"type": "log", "lines": []})
        return [len(feed.take() or []) for feed in feeds]

    assert run(work) == [1, 0]


def test_the_end_wakes_the_reader():
    async def work():
        feed = Feed()
        feed.end()
        return await feed.wait(5), feed.over

    assert run(work) == (True, True)
