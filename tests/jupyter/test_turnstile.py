"""Many callers that are ready at once go on one by one."""

from __future__ import annotations

import asyncio

from server_ext.jupyter.turnstile import Turnstile


def test_callers_go_on_in_their_order_and_one_in_a_round_of_the_loop():
    rounds: list[tuple[int, int]] = []

    async def work() -> None:
        turnstile, now, over = Turnstile(), 0, asyncio.Event()

        def count() -> None:
            nonlocal now
            now += 1
            if not over.is_set():
                asyncio.get_running_loop().call_soon(count)

        async def caller(number: int) -> None:
            await turnstile.wait()
            rounds.append((now, number))

        count()
        await asyncio.gather(*(caller(number) for number in range(5)))
        over.set()

    asyncio.run(work())

    assert [number for _, number in rounds] == [0, 1, 2, 3, 4]
    assert len({when for when, _ in rounds}) == 5


def test_a_caller_that_has_left_takes_no_turn_from_others():
    async def work() -> bool:
        turnstile = Turnstile()
        callers = [asyncio.create_task(turnstile.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        callers[0].cancel()
        await asyncio.wait_for(asyncio.gather(*callers[1:]), 5)
        await asyncio.wait_for(turnstile.wait(), 5)
        return True

    assert asyncio.run(work())
