"""Chromium by Playwright, and the panel served to it from a thread."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

DESKTOP = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)
SCREENSHOTS = Path(__file__).parents[1] / ".artifacts"

NAMES = ("chromium", "chromium-browser", "google-chrome")
# The first two draw the suggestions under the address bar, which nobody sees here, in a process for each window.
# The others are Playwright's own choice, which this list replaces.
FEATURES_OFF = [
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
# No sandbox: it does not start for root. The rest keeps the browser from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(FEATURES_OFF)}",
]


class Unavailable(Exception):
    """No browser can run here; the message says why."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium; Playwright downloads none."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        raise Unavailable(f"none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        except Exception as error:
            raise Unavailable(str(error).splitlines()[0]) from error
        yield browser
        browser.close()


@dataclass
class Pages:
    """Opens pages, each signed in or not on its own; call it: `new_page(PHONE)`."""

    browser: Browser
    base_url: str
    contexts: list[BrowserContext] = field(default_factory=list)
    problems: list[list[str]] = field(default_factory=list)

    def __call__(self, viewport: ViewportSize = DESKTOP) -> Page:
        """A page in a new context; its `problems` collects what the console and the scripts complain of."""
        context = self.browser.new_context(
            base_url=self.base_url, locale="zh-CN", timezone_id="Asia/Shanghai", viewport=viewport
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        page = context.new_page()
        problems: list[str] = []
        context.on("console", lambda message: message.type == "error" and problems.append(message.text))
        context.on("weberror", lambda error: problems.append(str(error.error)))
        self.problems.append(problems)
        page.problems = problems
        return page

    def pages(self) -> list[Page]:
        return [page for context in self.contexts for page in context.pages]

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def screenshot(page: Page, name: str) -> Path:
    """A picture of the whole page, kept in tests/.artifacts/ under `name`."""
    path = SCREENSHOTS / f"{name}.jpg"
    page.screenshot(path=path, full_page=True, quality=80)
    return path


@dataclass
class LiveServer:
    """The panel on a port of its own; `app` is the application that answers there."""

    app: Flask
    base_url: str


@contextmanager
def serve(app: Flask) -> Iterator[LiveServer]:
    """Serve `app` on a free local port, a thread a request, as long as the context lasts."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield LiveServer(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
