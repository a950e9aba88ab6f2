"""Shows the model server and each version it knows: %tfs_status."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfs_magics.views.markup import Markup, code, element, endpoints, head, join, muted, small
from tfs_magics.views.markup import state as state_markup
from tfs_magics.views.numbers import count, moment, plural, rate, size, whole_seconds
from tfs_magics.views.versions import versions_table
from tfs_magics.views.view import View

_SERVER = {
    "stopped": ("Stopped", "off"),
    "starting": ("Starting", "loading"),
    "running": ("Running", "running"),
    "restarting": ("Restarting", "loading"),
    "failed": ("Failed", "failed"),
    "stopping": ("Stopping", "unloading"),
}


def state_of(name: str) -> tuple[str, str]:
    """Return the word for a server's state, and the kind of dot before it."""
    return _SERVER.get(name, (name.title(), "off"))


def running(
    page: Mapping[str, Any],
    server: Mapping[str, Any],
    others: Mapping[str, str],
    sample: Mapping[str, Any] | None = None,
) -> View:
    """Return the state of a server that answers.

    `page` is its GET /v1/server, `server` what its host tells of it; `others` are the notebooks
    that serve models which are not ours, by model; `sample` how it was asked in the last second.
    """
    now = time.time()
    measured = sample is not None
    facts = _facts(page, server, sample, now)
    models: Sequence[Mapping[str, Any]] = page["models"]
    names = (("REST", server["rest_url"]), ("gRPC", server["grpc_target"]))
    addresses = [(name, address) for name, address in names if address and not measured]
    html = [_saved(facts, now) if measured else _now(facts, addresses)]
    text = [f"running, {facts.replace(' · ', ', ')}"]
    text += [f"  {name}  {address}" for name, address in addresses]
    if models:
        table = versions_table(models, sample)
        html.append(table.html())
        text.append(table.text())
    else:
        html.append(element("p", "Nothing is served yet. ", *_next(), class_="jp-tfs-muted"))
        text.append("Nothing is served yet. Next: %tfs_serve NAME")
    told = [f"{name} is served by {owner}." for name, owner in others.items()]
    html += [element("p", line) for line in told]
    html.append(small("Run the cell to see it live." if measured else f"As of {moment(now)}."))
    text += [*told, *([] if measured else [f"as of {moment(now)}"])]
    return View("Model server", join(*html), "\n".join(text), page)


def _now(facts: str, addresses: Sequence[tuple[str, str]]) -> Markup:
    line = head("Model server", state_markup("Running", "running"), muted(facts))
    return join(line, endpoints(*addresses))


def _saved(facts: str, at: float) -> Markup:
    """Return the line above what may be read long after: it says first of what time it is."""
    said = f"as it was on {moment(at)}: running · {facts}"
    return head("Model server", state_markup("Saved", "off"), muted(said))


def down(status: Mapping[str, Any]) -> View:
    """Return the state of a server that does not answer now, `status` as its host tells it."""
    server = status["server"]
    word, kind = state_of(server["state"])
    facts = _since(server["since"], still=server["state"] == "stopped")
    said = list(_reasons(status))
    html = [head("Model server", state_markup(word, kind), muted(facts))]
    html += [element("p", line) for line in said]
    if server["lines"]:
        lines = "\n".join(server["lines"])
        html.append(element("pre", lines, class_="jp-tfs-Code", tabindex="0"))
    text = [f"{word.lower()} {facts}".strip(), *said, *(f"  {line}" for line in server["lines"])]
    if server["state"] in ("failed", "stopped"):
        again = "%tfs_restart" if server["state"] == "failed" else "%tfs_serve NAME"
        html.append(element("p", "Next: ", code(again), class_="jp-tfs-muted"))
        text.append(f"Next: {again}")
    return View("Model server", join(*html), "\n".join(text), status)


def stopped(at: float, *, gently: bool = True) -> View:
    """Return that the server was stopped, `at` in Unix seconds.

    One that was not ended `gently` took too long to finish, and was ended by force.
    """
    said = f"at {moment(at)}"
    forced = [] if gently else ["It did not finish in time, and was ended by force."]
    html = join(
        head("Model server", state_markup("Stopped", "off"), muted(said)),
        *(element("p", line) for line in forced),
        element("p", *_next(), class_="jp-tfs-muted"),
    )
    text = "\n".join([f"stopped {said}", *forced, "Next: %tfs_serve NAME"])
    return View("Model server", html, text)


def _since(at: float | None, *, still: bool) -> str:
    if at is None:
        return ""
    return f"since {moment(at)}" if still else f"for {whole_seconds(max(0.0, time.time() - at))}"


def _reasons(status: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the server is not up, what happens next, and what it is to serve then."""
    server = status["server"]
    if server["reason"]:
        yield f"{server['reason'].rstrip('.')}."
    if server["state"] == "restarting" and server["retry_at"]:
        left_s = server["retry_at"] - time.time()
        when = f"in {whole_seconds(left_s)}" if left_s >= 1 else "now"
        yield f"It is started again {when}."
    names = ", ".join(entry["name"] for entry in status["models"])
    if names and server["state"] in ("starting", "restarting"):
        yield f"It will serve {names}."


def _next() -> tuple[str, Markup]:
    return "Next: ", code("%tfs_serve NAME")


def _facts(
    page: Mapping[str, Any],
    server: Mapping[str, Any],
    sample: Mapping[str, Any] | None,
    now: float,
) -> str:
    versions = [version for model in page["models"] for version in model["versions"]]
    asked = plural(sum(version["requests"] for version in versions), "request")
    if sample is not None:
        asked = rate(sum(each["per_second"] for each in sample["versions"]))
    limit = server.get("memory_limit_bytes")
    memory = size(page["rss_bytes"])
    parts = [
        whole_seconds(max(0.0, now - page["started_at"])),
        asked,
        f"{memory} of {size(limit)}" if limit and sample is not None else memory,
    ]
    if server["restarts"]:
        times = "once" if server["restarts"] == 1 else f"{count(server['restarts'])} times"
        parts.append(f"started again {times}")
    return " · ".join(parts)
