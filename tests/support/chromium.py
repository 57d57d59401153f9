"""Headless Chromium for tests and pictures of pages, driven over WebDriver."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--mute-audio", "--window-size=1000,1100", "--hide-scrollbars", "--no-first-run"),
    *("--autoplay-policy=no-user-gesture-required", "--no-proxy-server"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Browser:
    """Headless Chromium, driven over WebDriver: JSON over HTTP, so no library is needed."""

    def __init__(self, port: int, *arguments_: str) -> None:
        self._port = port
        arguments = [*_ARGUMENTS, *arguments_]
        options = {"args": arguments, "binary": shutil.which("chromium")}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        wanted["goog:loggingPrefs"] = {"browser": "ALL", "performance": "ALL"}
        asked = {"capabilities": {"alwaysMatch": wanted}}
        self._session = f"/session/{self._ask('POST', '/session', asked)['sessionId']}"

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        assert not (isinstance(value, dict) and "error" in value), value
        return value

    def open(self, url: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """The value that a script hands to `done`."""
        body = {"script": f"const done = arguments[0]; {script}", "args": []}
        return self._ask("POST", f"{self._session}/execute/async", body)

    def errors(self) -> list[str]:
        """What the browser complained of."""
        log = self._ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """The URL of everything that the page asked for, `data:` apart, since the last call."""
        log = self._ask("POST", f"{self._session}/se/log", {"type": "performance"})
        events = [json.loads(entry["message"])["message"] for entry in log]
        found = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
        urls = [one["request"]["url"] for one in found]
        return [url for url in urls if not url.startswith("data:")]

    def screen(self, width: int, height: int, *, dark: bool = False, scale: float = 1) -> None:
        """Show pages on a screen of that size, in CSS pixels, in a light or a dark scheme."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._command("Emulation.setEmulatedMedia", {"features": [scheme]})

    def scripts(self, *, on: bool) -> None:
        """Whether pages that are opened from now on may run a script."""
        self._command("Emulation.setScriptExecutionDisabled", {"value": not on})

    def _command(self, name: str, parameters: Mapping[str, object]) -> None:
        body = {"cmd": name, "params": parameters}
        self._ask("POST", f"{self._session}/goog/cdp/execute", body)

    def screenshot(self) -> bytes:
        return base64.b64decode(self._ask("GET", f"{self._session}/screenshot"))

    def close(self) -> None:
        self._ask("DELETE", self._session)


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A browser of one's own, closed at the end. Arguments: further ones of Chromium."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["chromedriver", f"--port={port}", "--silent"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as driver:
        try:
            end = time.monotonic() + 30
            while True:
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                assert time.monotonic() < end, "chromedriver does not answer"
                time.sleep(0.05)
            browser = Browser(port, *arguments)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()


needs_chromium = pytest.mark.skipif(
    shutil.which("chromium") is None or shutil.which("chromedriver") is None,
    reason="needs the Debian packages chromium and chromium-driver",
)
