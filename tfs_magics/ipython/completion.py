"""Completes the lines of our magics: options, and values from what is served and on disk now.

    %tfs_predict digits --version <Tab>   --slot.py: which argument--> values.py: what it may be
                                                                          |  in a thread,
                                          <-- what starts like the word --+  100 ms at most

The names of magics are IPython's to complete, and it is asked for the names in expressions.
Whatever goes wrong here completes nothing and says nothing.
"""

from __future__ import annotations

import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from tfs_magics.ipython.evaluation import Names
from tfs_magics.ipython.slot import Line, Slot, parsed
from tfs_magics.ipython.values import Value, values

BUDGET_S = 0.1
FRESH_S = 1.0
_KEPT = 200  # answers; more than a person asks for in a session


class Completion:
    """The matcher of one shell; IPython asks it at each Tab."""

    def __init__(self, shell: Any, magics: Any) -> None:
        self._shell = shell
        self._magics = magics
        self._budget = Budget()

        @context_matcher(identifier="tfs_magics", priority=1000)  # type: ignore[untyped-decorator]
        def matcher(context: CompletionContext) -> dict[str, Any]:
            return self.match(context)

        self._matcher = matcher

    def install(self) -> None:
        """Begin to complete."""
        self._shell.Completer.custom_matchers.append(self._matcher)

    def remove(self) -> None:
        """Complete no longer."""
        if self._matcher in self._shell.Completer.custom_matchers:
            self._shell.Completer.custom_matchers.remove(self._matcher)

    def match(self, context: CompletionContext) -> dict[str, Any]:
        """Return what may stand at the cursor, in IPython's form; nothing outside of our lines."""
        line: Line | None = None
        slot: Slot | None = None
        found: Sequence[Value] = ()
        try:
            line, slot = self._read(context.text_until_cursor)
            found = self._found(slot) if slot is not None else ()
        except Exception:  # a Tab is no place for errors
            line, slot, found = None, None, ()
        is_python = slot is not None and slot.is_python
        silent = not found and line is not None and (line.in_text or not is_python)
        completions = [SimpleCompletion(text=each.text, type=each.kind) for each in found]
        return {
            "completions": _Nothing() if silent else completions,
            "matched_fragment": _typed(slot) if slot is not None else context.token,
            "suppress": silent or bool(found),
            "ordered": True,
        }

    def _read(self, text: str) -> tuple[Line | None, Slot | None]:
        """Return the line if it is ours, and where the cursor is, None where nothing may stand."""
        line = parsed(text)
        if line is None or (not line.marked and line.magic in self._shell.user_ns):
            return None, None
        parser = self._parser(line)
        return (line, line.slot(parser)) if parser is not None else (None, None)

    def _in_expression(self, name: str) -> Sequence[Value]:
        """Return the names of the notebook, or the attributes, that a name may become."""
        completer = self._shell.Completer
        if not name:
            return ()
        found = completer.attr_matches(name) if "." in name else completer.global_matches(name)
        return [Value(each, "name") for each in sorted(found)]

    def _parser(self, line: Line) -> ArgumentParser | None:
        for kind in ("line", "cell"):
            magic = self._magics.magics[kind].get(line.magic)
            if magic is not None:
                parser: ArgumentParser | None = getattr(magic, "parser", None)
                return parser
        return None

    def _found(self, slot: Slot) -> Sequence[Value]:
        if slot.action is None:
            return [Value(name, "option") for name in slot.options]
        if slot.is_expression:
            return self._in_expression(slot.name)
        names = Names(self._shell, None)
        base_path = self._magics.base_path
        known = self._budget.get(slot.key, lambda: values(slot, names, base_path))
        return [each for each in known if each.text.startswith(slot.fragment)]


def _typed(slot: Slot) -> str:
    """Return what a completion takes the place of."""
    return slot.name if slot.is_expression else slot.fragment


class _Nothing(list[SimpleCompletion]):
    """No completions, and IPython is to offer none: it asks other matchers while there are none."""

    def __len__(self) -> int:
        return 1


class Budget:
    """Answers of slow questions: those of now if they come in time, else the last ones there were.

    Any thread may call; one thread works on a question, however often it is asked meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Any, tuple[float, Sequence[Value]]] = {}
        self._working: dict[Any, threading.Event] = {}

    def get(self, key: Any, question: Callable[[], Sequence[Value]]) -> Sequence[Value]:
        """Return the answer to a question, within BUDGET_S."""
        with self._lock:
            at, answer = self._answers.get(key, (float("-inf"), ()))
            if time.monotonic() - at < FRESH_S:
                return answer
            done = self._working.get(key)
            if done is None:
                done = self._working[key] = threading.Event()
                asking = (key, question, done)
                name = "tfs-magics-tab"
                threading.Thread(target=self._work, args=asking, name=name, daemon=True).start()
        done.wait(BUDGET_S)
        with self._lock:
            return self._answers.get(key, (0.0, ()))[1]

    def _work(
        self, key: Any, question: Callable[[], Sequence[Value]], done: threading.Event
    ) -> None:
        try:
            answer = list(question())
        except Exception:  # such as a server that is gone: there is nothing to offer
            answer = []
        with self._lock:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[key] = time.monotonic(), answer
            self._working.pop(key, None)
        done.set()
