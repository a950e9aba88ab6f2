"""Whether the model server's own ports ask for a token.

    never < auto: under JupyterHub, or when other people use this machine < always, other hosts

Ports of 127.0.0.1 are open to every user of a machine. With a token, only this Jupyter server can
use them, and clients come through it.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping

POLICIES = ("auto", "always", "never")
_PEOPLE = range(1000, 60000)  # UID_MIN and UID_MAX of login.defs: accounts of people


def needed(policy: str, host: str, environment: Mapping[str, str], users: Iterable[int]) -> bool:
    """Tell whether requests to the ports need a token.

    `users` are the user ids of whose processes run here; they are only looked at if they count.
    A host that other machines can reach needs one whatever the policy says.
    """
    if policy == "always" or not is_loopback(host):
        return True
    if policy == "never":
        return False
    return "JUPYTERHUB_SERVICE_PREFIX" in environment or any(map(_other_person, users))


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a server that listens there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def users() -> Iterable[int]:
    """Yield the user ids of the processes of this machine; none where there are no such ids."""
    import psutil

    if hasattr(os, "getuid"):
        for process in psutil.process_iter(["uids"]):
            if process.info["uids"]:
                yield process.info["uids"].real


def _other_person(user: int) -> bool:
    return user in _PEOPLE and user != os.getuid()
