"""The tutorial names buttons, headings and addresses that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import resolve
from django.utils import translation

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorial" / "a-coordinators-first-hour.md").read_text(encoding="utf-8")
SAID = {" ".join(one.split()) for one in re.findall(r"(?<!\*)\*([^*\n][^*]*)\*(?!\*)", TEXT)}
CODE = "SITE01-FB7LR-GXF59"


def _shown() -> str:
    """Every text of the blinded pages, in English."""
    files = (ROOT / "src" / "equipoise_server" / "web").glob("*/locale/*/LC_MESSAGES/django.po")
    found = "\n".join(one.read_text(encoding="utf-8") for one in files)
    return found.replace('"\n"', "")


@pytest.mark.parametrize("label", sorted(SAID))
def test_what_the_tutorial_tells_to_press_is_on_a_page(label: str) -> None:
    assert f'msgid "{label}' in _shown()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(/[a-zA-Z/]+/)`", TEXT))))
def test_the_addresses_of_the_tutorial_lead_somewhere(path: str) -> None:
    with translation.override("en"):
        assert resolve("/en" + path.replace("CODE", CODE))
