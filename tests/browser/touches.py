"""A person at a screen: every field, every tap and every page counts."""

from __future__ import annotations

from playwright.sync_api import Page


class Touches:
    """Counts what a person does in a window, and the pages that load."""

    def __init__(self, page: Page) -> None:
        self.page, self.count, self.pages = page, 0, 0
        page.on("domcontentloaded", lambda _: self._loaded())

    def _loaded(self) -> None:
        self.pages += 1

    def scan(self, into: str, code: str) -> None:
        """A scanner types the code and sends Enter."""
        self.fill(into, code)
        self.page.locator(into).press("Enter")

    def fill(self, into: str, text: str) -> None:
        """Type into a field."""
        self.count += 1
        self.page.fill(into, text)

    def tap(self, what: str) -> None:
        """Press the first of these."""
        self.count += 1
        self.page.locator(what).first.click()
