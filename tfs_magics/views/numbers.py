"""How numbers read: three digits at most, a unit after each, no-break space between the two.

0.4 ms  4.2 ms  38 ms  1.9 s  2 h 14 min     9.4 MB  1.4 GB     1.24k     90.4%  <0.1%
"""

from __future__ import annotations

import time

NBSP = "\u00a0"
ABSENT = "\u2013"

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def duration(seconds: float) -> str:
    """Return a span of time."""
    if seconds < 0.9995:
        return f"{_two_digits(seconds * 1000)}{NBSP}ms"
    if seconds < _MINUTE_S:
        return f"{_two_digits(seconds)}{NBSP}s"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)}{NBSP}min"
    if seconds < _DAY_S:
        hours, rest = divmod(int(seconds), _HOUR_S)
        return f"{hours}{NBSP}h {rest // _MINUTE_S}{NBSP}min"
    return f"{int(seconds // _DAY_S)}{NBSP}d"


def whole_seconds(seconds: float) -> str:
    """Return a span that is still growing: below a minute it counts in seconds."""
    return f"{int(seconds)}{NBSP}s" if seconds < _MINUTE_S else duration(seconds)


def size(size_bytes: float) -> str:
    """Return a size in powers of ten."""
    if size_bytes < 1000:
        return f"{round(size_bytes)}{NBSP}bytes"
    for unit in ("kB", "MB", "GB"):
        size_bytes /= 1000
        if size_bytes < 999.5:
            return f"{_two_digits(size_bytes)}{NBSP}{unit}"
    return f"{_two_digits(size_bytes / 1000)}{NBSP}TB"


def count(number: int) -> str:
    """Return a number of things: 0, 86, 1.24k, 12.4k, 1.20M."""
    if number < 1000:
        return str(number)
    scaled = float(number)
    for unit in ("k", "M"):
        scaled /= 1000
        if scaled < 999.5:
            return f"{_three_digits(scaled)}{unit}"
    return f"{_three_digits(scaled / 1000)}G"


def rate(per_second: float) -> str:
    """Return how often in a second: 0/s, 0.4/s, 86/s, 1.24k/s."""
    if 0 < per_second < 9.95:
        return f"{per_second:.1f}/s".replace(".0/", "/")
    return f"{count(round(per_second))}/s"


def percent(share: float) -> str:
    """Return a share of one: 90.4%, 0.1%, <0.1%, 0%, 100%."""
    if share in (0, 1):
        return f"{share * 100:.0f}%"
    if 0 < share < 0.0005:
        return "<0.1%"
    if 0.9995 <= share < 1:
        return ">99.9%"
    return f"{share * 100:.1f}%"


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: 1 model, 3 models."""
    return f"{count(number)}{NBSP}{noun}" + ("" if number == 1 else "s")


def moment(at: float) -> str:
    """Return a point in time, `at` in Unix seconds, in the local time zone: 21 Nov 2026, 12:50."""
    local = time.localtime(at)
    return f"{local.tm_mday} {time.strftime('%b %Y, %H:%M', local)}"


def _two_digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
