"""The page at /docs, driven in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from chromium import CHROMIUM, MISSING, chromium

pytestmark = pytest.mark.tensorflow

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser) -> Iterator[Any]:
    """Open the page of a server; what it asks of another host, or an exception in it, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong = []

    def open_it(server, fragment=""):
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda asked: asked.url.startswith((server.url, "data:,")) or wrong.append(asked.url),
        )
        page.on(
            "console",
            lambda said: "Content Security Policy" in said.text and wrong.append(said.text),
        )
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(f"{server.url}/docs{fragment}")
        return page

    yield open_it
    context.close()
    assert not wrong


def expect(locator):
    from playwright.sync_api import expect

    return expect(locator)


def chosen(page, name):
    return page.eval_on_selector_all(
        f"{name} option", "all => all.map(option => option.textContent)"
    )


@needs_browser
def test_the_page_lists_models_with_their_versions_and_states(native_server, open_page):
    page = open_page(native_server)

    expect(page.locator("#server")).to_contain_text("Running")
    names = page.locator("#models button")
    expect(names).to_have_count(7)
    expect(names.first).to_have_accessible_name("constant, available 3, 1")
    expect(names.nth(5)).to_have_accessible_name(re.compile("broken, failed"))
    expect(page.locator("#versions tr")).to_have_count(2)
    expect(page.locator("#versions tr").first).to_contain_text("Available")


@needs_browser
def test_a_version_that_failed_shows_why(native_server, open_page):
    page = open_page(native_server, "#broken")

    expect(page.locator("#versions")).to_contain_text("Failed")
    expect(page.locator("#versions .reason")).to_contain_text("Cannot load")
    expect(page.locator("#nothing")).to_be_visible()
    expect(page.locator("#try")).to_be_hidden()


@needs_browser
def test_a_request_is_made_up_run_and_answered(native_server, open_page):
    page = open_page(native_server, "#pair")

    expect(page.locator("#body")).to_have_value(
        re.compile(r'"left": \[0.0, 0.0\], "right": \[0, 0\]')
    )
    expect(page.locator("#inputs")).to_contain_text("float32")
    expect(page.locator("#inputs")).to_contain_text("[n, 2]")
    page.fill("#body", '{"instances": [{"left": [1.5, 2], "right": [2, 1]}]}')
    page.click("#run")
    expect(page.locator("#outcome")).to_have_text(re.compile(r"^200, [\d.]+\sm?s, "))
    expect(page.locator("#answer")).to_contain_text('"predictions": [[3.5, 3.0]]')


@needs_browser
def test_numbers_are_shown_as_the_server_has_written_them(native_server, open_page):
    page = open_page(native_server, "#words")
    body = '{"predictions":[9007199254740993,NaN,1e-7]}'
    page.route(
        "**/*:predict", lambda asked: asked.fulfill(body=body, content_type="application/json")
    )

    page.click("#run")

    expect(page.locator("#answer")).to_contain_text('"predictions": [9007199254740993, NaN, 1e-7]')


@needs_browser
@pytest.mark.parametrize("model", ["constant", "words", "conv", "pair"])
@pytest.mark.parametrize("form", ["rows", "columns"])
def test_what_the_page_makes_up_fits_the_model(native_server, open_page, model, form):
    page = open_page(native_server, f"#{model}")

    expect(page.locator("#name")).to_have_text(model)
    for signature in chosen(page, "#signature"):
        page.select_option("#signature", label=signature)
        page.select_option("#form", label=form)
        page.press("#body", "Control+Enter")
        expect(page.locator("#outcome")).to_contain_text("200,")


@needs_browser
def test_examples_are_classified_and_an_error_is_told_in_words(native_server, open_page):
    page = open_page(native_server, "#examples")

    page.select_option("#verb", "classify")
    page.fill("#body", '{"examples": [{"x": 2.5, "who": "me"}]}')
    page.click("#run")
    expect(page.locator("#answer")).to_contain_text('["me", 2.5]')
    page.fill("#body", "{")
    page.click("#run")
    expect(page.locator("#outcome")).to_contain_text("400,")
    expect(page.locator("#answer")).to_have_text(re.compile("^JSON Parse error: "))


@needs_browser
def test_the_curl_command_is_what_is_asked(native_server, open_page):
    page = open_page(native_server, "#words")

    page.fill("#body", """{"instances": ["it's"]}""")

    url = f"{native_server.url}/v1/models/words:predict"
    expect(page.locator("#curl")).to_have_text(
        f"""curl -d '{{"instances": ["it'\\''s"]}}' '{url}'"""
    )


@needs_browser
def test_a_token_is_asked_for_kept_out_of_the_page_and_sent(guarded_server, token, open_page):
    page = open_page(guarded_server)

    expect(page.locator("#token")).to_be_visible()
    page.fill("#secret", "another")
    page.keyboard.press("Enter")
    expect(page.locator("#refused")).to_contain_text("does not accept")
    page.fill("#secret", token)
    page.keyboard.press("Enter")
    expect(page.locator("#token")).to_be_hidden()
    page.select_option("#at", label="label stable")
    page.click("#run")
    expect(page.locator("#answer")).to_contain_text('"b": 1.0')
    assert token not in page.content()
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]
    assert "$TOKEN" in page.inner_text("#curl")


@needs_browser
def test_names_of_models_are_text_and_can_be_asked(guarded_server, token, nasty_name, open_page):
    page = open_page(guarded_server)
    page.fill("#secret", token)
    page.keyboard.press("Enter")

    page.get_by_role("button", name=nasty_name).click()

    expect(page.locator("#name")).to_have_text(nasty_name)
    assert page.locator("img").count() == 0
    page.click("#run")
    expect(page.locator("#outcome")).to_contain_text("200,")


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_enough_on_a_light_and_on_a_dark_page(native_server, browser, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{native_server.url}/docs#broken")
    expect(page.locator("#versions .reason")).to_be_visible()

    ratios = page.evaluate(CONTRASTS)

    context.close()
    assert min(ratios.values()) >= 4.5, ratios


# The contrast of each kind of text with the page, by the formula of WCAG 2; a canvas resolves colours.
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = luminance(getComputedStyle(document.body).backgroundColor);
  const kinds = ["body", ".muted", ".reason", "a", '.state[data-state="ok"]', '.state[data-state="bad"]'];
  return Object.fromEntries(kinds.map((kind) => {
    const text = luminance(getComputedStyle(document.querySelector(kind)).color);
    return [kind, (Math.max(page, text) + 0.05) / (Math.min(page, text) + 0.05)];
  }));
}"""


def test_the_page_needs_no_token_and_may_do_nothing_but_ask_this_server(guarded_server):
    html = requests.get(f"{guarded_server.url}/docs", timeout=30)
    parts = re.findall(r'(?:href|src)="(docs/[^"]+)"', html.text)

    assert html.headers["content-type"] == "text/html; charset=utf-8"
    policy = html.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert len(parts) == 2
    for part in parts:
        answer = requests.get(f"{guarded_server.url}/{part}", timeout=30)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript"))
    for path in ("/openapi.json", "/v1/server"):
        assert requests.get(guarded_server.url + path, timeout=30).status_code == 401


def test_a_file_of_the_page_that_has_not_changed_is_not_sent_again(native_server):
    first = requests.get(f"{native_server.url}/docs/page.js", timeout=30)
    tag = {"If-None-Match": first.headers["etag"]}

    again = requests.get(f"{native_server.url}/docs/page.js", headers=tag, timeout=30)

    assert (again.status_code, again.content) == (304, b"")
