"""Builds HTML from values that are escaped unless they are Markup already.

element("td", name, class_="jp-tfs-num")      name is text, whatever it holds
element("tr", element("td", "a"))             an element is Markup and goes in as it is
"""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already. Only this file and constants of the views make it."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | None) -> Markup:
    """Return one element; `class_` is `class`, `data_state` `data-state`, None leaves one out."""
    opening = [tag]
    for name, value in attributes.items():
        if value is not None:
            opening.append(f'{name.rstrip("_").replace("_", "-")}="{escape(value)}"')
    return Markup(f"<{' '.join(opening)}>{join(*children)}</{tag}>")


def join(*children: str) -> Markup:
    """Return the children one after the other, plain text escaped."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    )


def code(text: str) -> Markup:
    """Return text as it is typed: names, addresses, commands."""
    return element("code", text)


def muted(*children: str) -> Markup:
    """Return what is said in a lower voice, within a line."""
    return element("span", *children, class_="jp-tfs-muted")


def small(*children: str) -> Markup:
    """Return a closing line in small print."""
    return element("p", *children, class_="jp-tfs-small jp-tfs-muted")


def state(word: str, kind: str) -> Markup:
    """Return a state: a word with the dot whose shape and colour say the same.

    `kind` is available, running, loading, unloading, failed or off.
    """
    return element("span", word, class_="jp-tfs-State", data_state=kind)


def head(title: str, *rest: str) -> Markup:
    """Return the first line of an output: its subject, then what is known of it at a glance."""
    return element("div", element("h2", title), *rest, class_="jp-tfs-Output-head")


def endpoints(*rows: tuple[str, str]) -> Markup:
    """Return addresses, one a line, each after what speaks there."""
    pairs = [join(element("dt", name), element("dd", code(value))) for name, value in rows]
    return element("dl", *pairs, class_="jp-tfs-Endpoints")


def steps(*done: str) -> Markup:
    """Return what was done, each with a tick."""
    return element(
        "ol", *(element("li", step) for step in done), class_="jp-tfs-Steps jp-tfs-muted"
    )
