"""A real Chromium on real pages: what it requests, what they weigh, what axe-core finds."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
#: WCAG 2.1 A and AA, on which the RGAA stands, and what axe-core calls best practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
_PATIENCE_MS = 40_000.0


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; skips where the machine has none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One person's window: every request it makes is noted."""

    def __init__(
        self, browser: Browser, language: str, *, scripts: bool = True, width_px: int = 1280
    ) -> None:
        self.context = browser.new_context(
            locale=language,
            java_script_enabled=scripts,
            viewport={"width": width_px, "height": 844},
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(_PATIENCE_MS)
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        self.page.on("request", self._note)
        self.page.on("console", lambda message: self.complaints.append(message.text))

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def open(self, url: str) -> int:
        """Go there; the bytes that this took, with what the page asked for."""
        self.requests.clear()
        self.page.goto(url)
        return sum(
            sizes["responseBodySize"] + sizes["responseHeadersSize"]
            for sizes in (request.sizes() for request in self.requests)
        )

    def overflow_px(self) -> int:
        """By how much the page is wider than the window."""
        found = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(found)

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page, as it is now."""
        options = {"runOnly": {"type": "tag", "values": _RULES}}
        found = Axe().run(self.page, options=options).response["violations"]
        return [
            f"{item['id']}: {node['html'][:200]} ({node['failureSummary']})"
            for item in found
            for node in item["nodes"]
        ]
