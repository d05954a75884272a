"""Filling in pages of data entry the way a browser without script does."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

URL = "/en/entry"


class _Fields(HTMLParser):
    """What a browser would send from the last form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.fields = {}
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given.get("name", "")
            self.fields[self._select] = ""
        elif tag == "option" and "selected" in given:
            self.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._area = given.get("name", "")
            self.fields[self._area] = ""

    def _input(self, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if kind in ("radio", "checkbox"):
            if "checked" in given:
                self.fields[name] = given.get("value", "")
        elif name == "confirmed":
            self.fields.setdefault(name, []).append(given.get("value", ""))
        else:
            self.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data


def fields_of(response: HttpResponse) -> dict[str, Any]:
    """The fields of the page's form with what they hold."""
    parser = _Fields()
    parser.feed(response.content.decode())
    return parser.fields


def answers(**changes: str) -> dict[str, str]:
    """A healthy adult's screening as it is typed."""
    return {
        "consent_signed": "true",
        "age": "44",
        "sex": "f",
        "pregnant": "false",
        "ulcer_history": "false",
        "egfr": "88.5",
        **changes,
    }


def send(client: Client, page: str, typed: dict[str, str], **more: str) -> Any:
    """Open a page, type, and send its form."""
    form = fields_of(client.get(page))
    return client.post(page, form | {f"v.{name}": text for name, text in typed.items()} | more)
