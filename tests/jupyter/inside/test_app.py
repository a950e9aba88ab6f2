"""The extension inside of a Jupyter server: its options, hooks, and how it is reached."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from datetime import datetime, timedelta, timezone

import pytest
from tornado.httpclient import HTTPClientError

from server_ext.jupyter.service import THREADS

ROW = json.dumps({"instances": [[0, 0, 0, 0]]})
JSON = {"Content-Type": "application/json"}


async def until(condition, timeout_s=60):
    """Wait for a condition on the loop, on which the server runs too."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    pause = asyncio.Event()
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"not true within {timeout_s} s"
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(pause.wait(), 0.05)


@pytest.fixture
def get(jp_fetch, extension):
    async def ask(*path, **options):
        return json.loads((await jp_fetch("tfs", "api", *path, **options)).body)

    return ask


async def test_the_extension_answers_under_any_base_url(get):
    about = await get("about")

    assert about["api"] == 1
    assert about["model_server"]["rest_port_fixed"] == 0


async def test_it_says_which_directory_jupyter_shows(get, jp_root_dir):
    """A notebook is known by its path from there, whichever way its kernel came to this server."""
    assert (await get("about"))["root_dir"] == str(jp_root_dir)


async def test_the_document_names_the_base_url(get):
    assert (await get("openapi.json"))["servers"] == [{"url": "/a%40b/tfs/api"}]


async def test_nothing_runs_before_somebody_serves_something(get, extension):
    assert (await get("status"))["server"]["state"] == "stopped"
    assert extension.current_activity() is None


async def test_where_nothing_runs_a_prediction_is_to_be_tried_again(jp_fetch, extension):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("tfs", "v1", "models", "m:predict", method="POST", body=ROW)

    assert refused.value.code == 503
    assert int(refused.value.response.headers["Retry-After"]) >= 1
    said = json.loads(refused.value.response.body)
    assert said["reason"] == "UNAVAILABLE"
    assert said["message"].startswith("No model server runs here. ")
    assert "POST tfs/api/server/start starts one" in said["message"]


async def test_a_message_writes_a_percent_sign_once(jp_fetch, extension):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("tfs", "api", "100%")

    assert "no /a%40b/tfs/api/100%25 here" in json.loads(refused.value.response.body)["message"]


async def test_a_stop_does_not_wait_for_those_who_wait_for_the_model_server(jp_fetch, extension):
    hangs = threading.Event()
    waiting = [asyncio.create_task(extension.service.run(hangs.wait)) for _ in range(THREADS + 1)]

    for path in ("stop", "restart", "stop"):
        answer = await jp_fetch("tfs", "api", "server", path, method="POST", body="")
        assert answer.code == 200

    assert not any(each.done() for each in waiting)
    hangs.set()
    await asyncio.gather(*waiting)


async def test_a_busy_model_server_keeps_jupyter_from_being_culled(
    jp_serverapp, extension, monkeypatch
):
    stops = []
    monkeypatch.setattr(jp_serverapp, "stop", lambda: stops.append(1))
    jp_serverapp.shutdown_no_activity_timeout = 1
    settings = jp_serverapp.web_app.settings

    def look_after_a_day():
        yesterday = datetime.now(timezone.utc) - timedelta(days=1)
        settings["started"] = jp_serverapp.kernel_manager.last_kernel_activity = yesterday
        settings["last_activity_times"].clear()
        jp_serverapp.shutdown_no_activity()

    extension.service.activity.began()
    look_after_a_day()
    busy = list(stops)
    extension.service.activity.ended()
    look_after_a_day()

    assert not busy
    assert stops


class TestRoots:
    @pytest.fixture
    def tfs_config(self, tmp_path):
        return {"model_roots": [str(tmp_path / "models")], "require_token": "always"}

    async def test_options_reach_the_host(self, get, extension, tmp_path):
        about = await get("about")

        assert about["roots"] == [str(tmp_path.resolve() / "models")]
        assert about["require_token"] is True
        assert extension.service.host.settings.require_token is True


class TestDisabled:
    @pytest.fixture
    def tfs_config(self):
        return {"enabled": False}

    async def test_an_extension_that_is_turned_off_answers_nothing(self, jp_fetch, extension):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch("tfs", "api", "about")

        assert refused.value.code == 404
        assert extension.current_activity() is None


class TestOptionsThatCannotBe:
    @pytest.fixture
    def tfs_config(self):
        return {"server_flags": ["--port=1"]}

    @pytest.mark.parametrize("path", ["api/status", "api/models/m", "v1/models/m:predict"])
    async def test_all_requests_are_told_what_is_wrong(self, jp_fetch, extension, path):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch("tfs", *path.split("/"), method="PUT", body="{}")

        said = json.loads(refused.value.response.body)
        assert refused.value.code == 503
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        assert said["reason"] == "UNAVAILABLE"
        assert said["error"] == said["message"]
        assert said["message"].startswith("The options of TFSExtension cannot be used: '--port=1'")
        assert extension.current_activity() is None

    async def test_nobody_is_told_without_credentials(self, http_server_client, extension):
        with pytest.raises(HTTPClientError) as refused:
            await http_server_client.fetch("/a%40b/tfs/api/status")

        assert refused.value.code == 403


@pytest.mark.tensorflow
class TestServing:
    @pytest.fixture
    def tfs_config(self):
        return {"autostart": True, "require_token": "always"}

    async def test_autostart_serves_and_inference_is_activity(
        self, jp_fetch, jp_serverapp, get, extension, root, export_constant
    ):
        base = export_constant(root / "m" / "1", 2.0).parent
        body = json.dumps({"base_path": str(base)})
        await jp_fetch("tfs", "api", "models", "m", method="PUT", body=body, headers={**JSON})

        async def predicts():
            answer = await jp_fetch(
                *("tfs", "v1", "models", "m:predict"),
                method="POST",
                body=ROW,
                raise_error=False,
            )
            return answer.code == 200

        await until(predicts)
        settings = jp_serverapp.web_app.settings
        long_ago = datetime.now(timezone.utc) - timedelta(days=1)
        settings["last_activity_times"]["tfs"] = settings["api_last_activity"] = long_ago
        await predicts()

        async def counted():
            return (extension.current_activity() or {}).get("requests")

        await until(counted)
        assert settings["last_activity_times"]["tfs"] > long_ago
