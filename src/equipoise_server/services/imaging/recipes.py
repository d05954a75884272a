"""Following a recipe with deid: the packaged one, or one of the study folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from deid.config import DeidRecipe
from deid.dicom.parser import DicomParser
from deid.logger import bot
from pydicom.dataset import Dataset

from equipoise.errors import FileRefused
from equipoise_server.services.imaging.cleaned import Wanted, keyed

PACKAGED = Path(__file__).with_name("recipe.txt")
bot.level = bot.QUIET if hasattr(bot, "QUIET") else 0  # what it says could name somebody


def follow(header: Dataset, wanted: Wanted) -> None:
    """Do to the header, in place, what the recipe says.

    Raises:
        FileRefused: the recipe cannot be followed on this header.

    """
    try:
        parser = DicomParser(header, recipe=_recipe(wanted.recipe))
        for name, act in _functions(wanted).items():
            parser.define(name, act)
        parser.parse(remove_private=True)
    except (Exception, SystemExit) as problem:
        raise FileRefused("its header cannot be de-identified. Export it anew") from problem


@lru_cache(maxsize=16)
def _recipe(text: str) -> DeidRecipe:
    if not text:
        return DeidRecipe(str(PACKAGED))
    with tempfile.NamedTemporaryFile("w", suffix=".dicom", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return DeidRecipe(file.name)


def _functions(wanted: Wanted) -> dict[str, Callable[..., str]]:
    def uid(*, field: Any, **_: Any) -> str:
        return new_uid(str(field.element.value), wanted)

    def day(*, field: Any, **_: Any) -> str:
        return moved(field.element, wanted)

    def code(**_: Any) -> str:
        return wanted.code

    return {"uid": uid, "date": day, "code": code}


def new_uid(old: str, wanted: Wanted) -> str:
    """The identifier that stands for another throughout a study."""
    return f"2.25.{int.from_bytes(keyed(wanted.key, 'uid', old)[:16], 'big')}"


def moved(element: Any, wanted: Wanted) -> str:
    """A date or time as it may stay: shifted by the days of the participant, or empty."""
    if wanted.shift is None or element.VR == "TM":
        return ""
    text = str(element.value)
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:8])) + timedelta(days=wanted.shift)
    except (ValueError, OverflowError):
        return ""
    return day.strftime("%Y%m%d")
