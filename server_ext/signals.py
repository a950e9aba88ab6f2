"""Signals that ask this process to end, heard whatever its main thread is doing.

signal --C handler--> socket --a thread of ours--> first: stop.set(); any later one: exit at once

Python runs handlers in the main thread alone, between two bytecodes: a signal that comes just
before that thread goes to sleep on a lock would be handled when the lock is released, which is
what the signal was to bring about. And a handler that sets an event waits for ever if it
interrupted the main thread in a method of the same event.
"""

from __future__ import annotations

import os
import signal
import socket
import threading

NUMBERS = (signal.SIGTERM, signal.SIGINT)
_AT_ONCE = 128
"""What a shell adds to the number of the signal that ended a process."""


def have_set(stop: threading.Event) -> None:
    """Have the first SIGTERM or SIGINT set `stop`, and the next one end the process.

    Asked again means: without waiting for what is in flight. To be called once, in the main thread.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(heard, stop), name="signals", daemon=True).start()
    for number in NUMBERS:
        signal.signal(number, _without_default)


def _without_default(*_: object) -> None:
    """Take the place of what the system would do; the number is on its way through the socket."""


def _listen(heard: socket.socket, stop: threading.Event) -> None:
    asked = False  # not `stop`: the end of standard input is no signal, and often comes with one
    while True:
        for number in heard.recv(16):
            if number in NUMBERS:
                if asked:
                    os._exit(_AT_ONCE + number)
                asked = True
                stop.set()
