"""The three-arm study with a diary: one daily form, filled in by participants."""

from __future__ import annotations

from pathlib import Path

import yaml

FORM = {
    "id": "daily",
    "title": {"en": "Diary", "zh-Hans": "日记"},
    "audience": "blinded",
    "repeats": True,
    "groups": [
        {
            "id": "today",
            "title": {"en": "Today", "zh-Hans": "今天"},
            "items": [
                {
                    "id": "ache",
                    "text": {"en": "Ache", "zh-Hans": "疼痛"},
                    "type": "integer",
                    "required": True,
                    "low": 0,
                    "high": 100,
                },
                {"id": "told_at", "text": {"en": "Written", "zh-Hans": "填写"}, "type": "datetime"},
            ],
        }
    ],
}
PLAN = {"diary": {"form": "daily", "items": ["ache"], "sliders": ["ache"], "at_item": "told_at"}}


def add_diary(folder: Path) -> None:
    """Give the study in `folder` a daily form and the plan that makes it the diary."""
    written = yaml.safe_load((folder / "protocol.yaml").read_text())
    written["schedule"].append(
        {
            "id": "diary",
            "title": {"en": "Diary", "zh-Hans": "日记"},
            "forms": ["daily"],
            "daily": {"first": 0, "last": 5},
        }
    )
    (folder / "protocol.yaml").write_text(yaml.safe_dump(written, allow_unicode=True))
    (folder / "forms" / "daily.yaml").write_text(yaml.safe_dump(FORM, allow_unicode=True))
    (folder / "participants.yaml").write_text(yaml.safe_dump(PLAN))
