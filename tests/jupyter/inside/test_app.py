"""The extension inside of a Jupyter server: its options, hooks, and how it is reached."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import datetime, timedelta, timezone

import pytest
from tornado.httpclient import HTTPClientError

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
    assert json.loads(refused.value.response.body)["reason"] == "UNAVAILABLE"


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
