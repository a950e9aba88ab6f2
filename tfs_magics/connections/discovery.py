"""Decides which model server to talk to, once for each setting.

    a URL that was given -> TFS_MANAGER_URL -> the Jupyter server that started this kernel
        -> the one a Hub names -> a server of this process's own

What was given must answer; of what was found, the first that hosts model servers is taken.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit, urlunsplit

from server_ext.errors import Code, InvalidArgument, NotFound, PermissionDenied, ServingError
from tfs_magics.client.rest import Client
from tfs_magics.connections.attached import Attached
from tfs_magics.connections.hosted import LOOPBACK, Hosted
from tfs_magics.connections.jupyterapi import JupyterApi, NoExtension
from tfs_magics.connections.own import Own
from tfs_magics.connections.owner import this_owner
from tfs_magics.connections.runtimefile import JupyterServer, parent_server
from tfs_magics.connections.where import Where

URL = "TFS_MANAGER_URL"
TOKEN = "TFS_MANAGER_TOKEN"  # its name, no secret
HUB_URL = "JUPYTERHUB_SERVICE_URL"
HUB_PREFIX = "JUPYTERHUB_SERVICE_PREFIX"
HUB_TOKEN = "JUPYTERHUB_API_TOKEN"
OWN = "own"
_PAGES = ("lab", "tree", "notebooks")  # of an address that was copied from a browser
_OWN_INSTEAD = "%config TFSMagics.server = 'own'"
Found = Hosted | Attached | Own


class Discovery:
    """Finds a connection; `own` is the server of this process, taken when nothing else is.

    `token` is for a server that is given by its URL. The environment's token is for the server that
    the environment names, and goes to no other.
    """

    def __init__(
        self, own: Own, environment: Mapping[str, str] = os.environ, token: str = ""
    ) -> None:
        self._own = own
        self._environment = environment
        self._token = token

    def find(self, server: str) -> Found:
        """Return the connection for a setting: a URL, `own`, or empty for what there is.

        Raises:
            InvalidArgument: the setting is no URL.
            ServingError: what was asked for, or what started this kernel, does not answer.
        """
        given = server.strip()
        if given == OWN:
            return self._own_for("It was asked for: TFSMagics.server is own.", ())
        if given:
            why = "It was asked for: --server, or TFSMagics.server."
            return self._given(given, self._token, why, _OWN_INSTEAD)
        if self._environment.get(URL):
            return self._named(*without_token(self._environment[URL]))
        passed = [f"{URL} is not set"]
        found = self._parent(passed) or self._hub(passed)
        why = "No Jupyter server hosts one for this process."
        return found or self._own_for(why, tuple(passed))

    def _own_for(self, why: str, passed: tuple[str, ...]) -> Own:
        self._own.where = Where("own", why, "", passed)
        return self._own

    def _named(self, address: str, token: str) -> Found:
        why, instead = f"The environment names it: {URL}.", f"{_OWN_INSTEAD}, or unset {URL}"
        try:
            return self._given(address, token, why, instead)
        except ServingError as refusal:
            refusal.message = f"{URL} is {address!r}: {refusal.message}"
            raise

    def _given(self, given: str, token: str, why: str, instead: str) -> Found:
        url = _base(given)
        token = token or self._token_for(url)
        try:
            named = given == without_token(self._environment.get(URL, ""))[0]
            return self._hosted(JupyterServer(url, token, 0), why, (), shows_us=named)
        except ServingError as refusal:
            if refusal.code in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED):
                raise
            if _is_model_server(url, token):
                return Attached(Where("attached", why, url), token, instead=instead)
            if isinstance(refusal, NoExtension):
                raise NotFound(f"{refusal} Nor is it a model server.") from None
            raise

    def _token_for(self, url: str) -> str:
        """Return the environment's token for what lies at or below the address it is of."""
        named = without_token(self._environment.get(URL, ""))[0]
        try:
            its = named and f"{url}/".startswith(f"{_base(named)}/")
        except InvalidArgument:  # the environment names no server
            its = ""
        return self._environment.get(TOKEN, "") if its else ""

    def _parent(self, passed: list[str]) -> Hosted | None:
        found = parent_server(self._environment)
        if isinstance(found, str):
            passed.append(found)
            return None
        return self._try(found, f"It started this kernel (process {found.pid}).", passed)

    def _hub(self, passed: list[str]) -> Hosted | None:
        url = self._environment.get(HUB_URL, "")
        if not url:
            passed.append(f"{HUB_URL} is not set")
            return None
        parts = urlsplit(url)
        host = "127.0.0.1" if parts.hostname in (None, "", "0.0.0.0", "::") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
        prefix = (self._environment.get(HUB_PREFIX) or parts.path).strip("/")
        address = f"{parts.scheme}://{host}{port}/{prefix}".rstrip("/")
        found = JupyterServer(address, self._environment.get(HUB_TOKEN, ""), 0)
        return self._try(found, "JupyterHub names it as the server of this user.", passed)

    def _try(self, found: JupyterServer, why: str, passed: list[str]) -> Hosted | None:
        """Return the connection to what was found, or None with the reason in `passed`."""
        try:
            return self._hosted(found, why, tuple(passed), shows_us=True)
        except (NoExtension, PermissionDenied) as refusal:
            passed.append(str(refusal))
        return None

    def _hosted(
        self, found: JupyterServer, why: str, passed: tuple[str, ...], *, shows_us: bool
    ) -> Hosted:
        near = (urlsplit(found.url).hostname or "") in LOOPBACK
        api = JupyterApi(found.url, found.token, verify=not (found.secure and near))
        about = api.get("about")
        if "api" not in about:
            raise NoExtension(f"{found.url} answers, but not as what hosts model servers.")
        root = found.root or (str(about.get("root_dir") or "") if near else "")
        where = Where("jupyter", why, found.url, passed, shows_us)
        return Hosted(where, api, this_owner(root))


def without_token(given: str) -> tuple[str, str]:
    """Return an address without what follows a question mark, and the token that was in it."""
    address, _, query = given.strip().partition("?")
    return address, parse_qs(query).get("token", [""])[0]


def _base(given: str) -> str:
    """Return an address without the page it may be of, and without a slash at its end.

    Raises:
        InvalidArgument: it is none.
    """
    given = without_token(given)[0]
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidArgument(
            f"{given} is no server: give the address of a Jupyter server or of a "
            "model server's REST, such as http://127.0.0.1:8888, or own."
        )
    path = parts.path.rstrip("/")
    for page in _PAGES:
        head, found, _ = f"{path}/".partition(f"/{page}/")
        path = head if found else path
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _is_model_server(url: str, token: str) -> bool:
    """Tell whether this is REST of a model server, ours or TensorFlow Serving's."""
    try:
        return "models" in Client(url, f"Bearer {token}" if token else "").server()
    except ServingError as refusal:
        return "Malformed request" in str(refusal)  # it has no page about itself
    except ValueError:  # no JSON
        return False
