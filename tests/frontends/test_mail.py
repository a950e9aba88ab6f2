"""Answers that come from other threads wake the event loop once for all that are there."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server_ext.frontends.mail import Mail
from server_ext.frontends.messages import Answer


def test_answers_that_come_while_the_loop_is_busy_need_one_wake_up():
    settled: list[Answer] = []
    answers = [Answer(200, str(number).encode()) for number in range(50)]

    async def receive() -> int:
        loop, mail, calls = asyncio.get_running_loop(), Mail(), []
        there = asyncio.Event()

        def settle(answer: Answer) -> None:
            settled.append(answer)
            if len(settled) == len(answers):
                there.set()

        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda call: calls.append(call) or wake(call)  # type: ignore[assignment]

        def post() -> None:
            for answer in answers:
                mail.post(loop, settle, answer)

        other = threading.Thread(target=post)
        other.start()
        other.join()  # holds up the loop
        await there.wait()
        return len(calls)

    assert asyncio.run(receive()) == 1
    assert settled == answers


def test_an_answer_that_cannot_be_given_keeps_no_other_one_back(caplog: pytest.LogCaptureFixture):
    settled: list[Answer] = []

    def fail(answer: Answer) -> None:
        raise OSError("no")

    async def receive() -> None:
        loop, mail, there = asyncio.get_running_loop(), Mail(), asyncio.Event()

        def settle(answer: Answer) -> None:
            settled.append(answer)
            there.set()

        def post() -> None:
            for each in (fail, settle):
                mail.post(loop, each, Answer(200, b""))

        other = threading.Thread(target=post)
        other.start()
        other.join()
        await asyncio.wait_for(there.wait(), 10)

    asyncio.run(receive())

    assert settled == [Answer(200, b"")]
    assert "An answer could not be given" in caplog.text


def test_an_answer_from_the_loop_itself_is_there_at_once():
    async def settle() -> list[Answer]:
        settled: list[Answer] = []
        Mail().post(asyncio.get_running_loop(), settled.append, Answer(200, b""))
        return settled

    assert asyncio.run(settle()) == [Answer(200, b"")]


def test_an_answer_for_a_loop_that_has_ended_is_dropped():
    loop = asyncio.new_event_loop()
    loop.close()

    Mail().post(loop, lambda answer: None, Answer(200, b""))
