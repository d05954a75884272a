"""Places that a reader can name, and how far a site is from there. Nobody is asked for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt

EARTH = 6371.0  # km, mean radius


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A town by name. Degrees, north and east positive."""

    id: str
    title: Mapping[str, str]
    latitude: float
    longitude: float

    def say(self, language: str) -> str:
        """Its name."""
        return self.title.get(language) or self.title["en"]


@lru_cache(maxsize=1)
def places() -> dict[str, Place]:
    """Every town of the list."""
    text = files("equipoise.exchange").joinpath("places.json").read_text("utf-8")
    return {
        one["id"]: Place(
            id=one["id"],
            title={"en": one["en"], "zh-Hans": one["zh"]},
            latitude=one["latitude"],
            longitude=one["longitude"],
        )
        for one in json.loads(text)
    }


def find_place(written: str) -> Place | None:
    """The town that a reader wrote or chose: by id or by name in any language."""
    wanted = written.strip().casefold()
    for one in places().values():
        if wanted and wanted in (one.id, *(name.casefold() for name in one.title.values())):
            return one
    return None


def kilometres(here: Place, latitude: float, longitude: float) -> float:
    """The great-circle distance (haversine formula)."""
    north, south = radians(here.latitude), radians(latitude)
    across = radians(longitude - here.longitude)
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(across / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half)))
