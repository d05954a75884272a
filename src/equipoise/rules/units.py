"""Units of measurement in UCUM notation, as far as clinical work needs them.

Mole, international unit, equivalent, osmole and everything in braces count as dimensions
of their own, which is stricter than UCUM: mmol/L and /L do not mix here, and neither do
mg/L{FEU} and mg/L. Temperatures (Cel, [degF], K) do not convert into each other, since
that is no multiplication.

Source: The Unified Code for Units of Measure, version 2.1, tables 1 to 4 and case-sensitive
symbols.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from equipoise.errors import ExpressionError, Place

LONGEST = 200
Dimension = tuple[tuple[str, int], ...]

PREFIXES: dict[str, float] = {
    "Y": 1e24, "Z": 1e21, "E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3,
    "h": 1e2, "da": 1e1, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12,
    "f": 1e-15, "a": 1e-18, "z": 1e-21, "y": 1e-24,
}  # fmt: skip

_LENGTH = {"m": 1}
_VOLUME = {"m": 3}
_TIME = {"s": 1}
_ENERGY = {"g": 1, "m": 2, "s": -2}
_PRESSURE = {"g": 1, "m": -1, "s": -2}
# Units that take prefixes: factor to the base units m, s, g, K, C, mol and those of their own.
METRIC: dict[str, tuple[float, dict[str, int]]] = {
    "m": (1, _LENGTH), "s": (1, _TIME), "g": (1, {"g": 1}), "K": (1, {"K": 1}),
    "C": (1, {"C": 1}), "mol": (1, {"mol": 1}), "L": (1e-3, _VOLUME), "l": (1e-3, _VOLUME),
    "Hz": (1, {"s": -1}), "N": (1e3, {"g": 1, "m": 1, "s": -2}), "Pa": (1e3, _PRESSURE),
    "bar": (1e8, _PRESSURE), "m[Hg]": (133322000.0, _PRESSURE),
    "m[H2O]": (9806650.0, _PRESSURE), "J": (1e3, _ENERGY), "cal": (4184.0, _ENERGY),
    "W": (1e3, {"g": 1, "m": 2, "s": -3}), "A": (1, {"C": 1, "s": -1}),
    "V": (1e3, {"g": 1, "m": 2, "s": -2, "C": -1}), "t": (1e6, {"g": 1}),
    "Bq": (1, {"s": -1}), "Gy": (1, {"m": 2, "s": -2}), "Sv": (1, {"m": 2, "s": -2, "Sv": 1}),
    "kat": (1, {"mol": 1, "s": -1}), "U": (1e-6 / 60, {"mol": 1, "s": -1}),
    "[iU]": (1, {"[iU]": 1}), "[IU]": (1, {"[iU]": 1}), "eq": (1, {"eq": 1}),
    "osm": (1, {"osm": 1}), "Cel": (1, {"Cel": 1}), "u": (1.66053906660e-24, {"g": 1}),
}  # fmt: skip
# Units that take no prefix.
PLAIN: dict[str, tuple[float, dict[str, int]]] = {
    "min": (60, _TIME), "h": (3600, _TIME), "d": (86400, _TIME), "wk": (604800, _TIME),
    "mo": (2629800, _TIME), "a": (31557600, _TIME), "%": (1e-2, {}), "[ppth]": (1e-3, {}),
    "[ppm]": (1e-6, {}), "[ppb]": (1e-9, {}), "10*": (10, {}), "10^": (10, {}),
    "atm": (101325000.0, _PRESSURE), "[degF]": (1, {"[degF]": 1}), "[in_i]": (0.0254, _LENGTH),
    "[ft_i]": (0.3048, _LENGTH), "[lb_av]": (453.59237, {"g": 1}),
    "[oz_av]": (28.349523125, {"g": 1}), "[Cal]": (4184000.0, _ENERGY),
    "deg": (math.pi / 180, {}), "rad": (1, {}), "[pH]": (1, {"[pH]": 1}),
    "[drp]": (5e-8, _VOLUME), "[CFU]": (1, {"[CFU]": 1}), "[PFU]": (1, {"[PFU]": 1}),
    "[arb'U]": (1, {"[arb'U]": 1}), "[TCID_50]": (1, {"[TCID_50]": 1}),
}  # fmt: skip
# What people write, and the UCUM code for it.
_MEANT: dict[str, str] = {
    "mmHg": "mm[Hg]", "cmH2O": "cm[H2O]", "\u00b0C": "Cel", "degC": "Cel", "celsius": "Cel",
    "\u00b0F": "[degF]", "bpm": "/min", "beats/min": "/min", "breaths/min": "/min", "year": "a",
    "years": "a", "yr": "a", "month": "mo", "months": "mo", "week": "wk", "weeks": "wk",
    "day": "d", "days": "d", "hour": "h", "hours": "h", "hr": "h", "minute": "min",
    "minutes": "min", "sec": "s", "seconds": "s", "mcg": "ug", "IU": "[iU]", "IU/L": "[iU]/L",
    "IU/mL": "[iU]/mL", "percent": "%", "score": "{score}", "points": "{score}", "cc": "mL",
    "mcg/L": "ug/L", "mcg/mL": "ug/mL", "cells/uL": "{cells}/uL", "cells/mL": "{cells}/mL",
    "particles/mL": "{particles}/mL", "x10^9/L": "10*9/L", "10e9/L": "10*9/L",
    "10E9/L": "10*9/L", "10^9": "10*9", "kgs": "kg", "lb": "[lb_av]", "lbs": "[lb_av]",
    "in": "[in_i]", "mL/min/1.73m2": "mL/min/{1.73_m2}", "none": "1", "ratio": "1", "": "1",
}  # fmt: skip

_PIECE = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<sign>[./])|(?P<note>\{[^{}]*\})"
    r"|(?P<atom>10[*^]|(?:[A-Za-z%]|\[[^\[\]{}()]+\])+)(?P<power>[+-]?[0-9]+)?"
    r"|(?P<integer>[0-9]+)"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: how it is written, its size in base units, and its dimension."""

    text: str
    factor: float
    dimension: Dimension

    def same_as(self, other: Unit) -> bool:
        """Whether one of this is one of the other, however they are written."""
        return self.dimension == other.dimension and math.isclose(
            self.factor, other.factor, rel_tol=1e-9
        )

    def times(self, other: Unit) -> Unit:
        """The unit of a product."""
        return _combined(self, other, 1)

    def over(self, other: Unit) -> Unit:
        """The unit of a quotient."""
        return _combined(self, other, -1)


ONE = Unit("1", 1.0, ())


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Read a UCUM unit.

    Raises:
        ExpressionError: the unit is not known; the sentence says what was probably meant.

    >>> parse_unit("mm[Hg]").text
    'mm[Hg]'
    """
    if isinstance(text, str) and len(text) <= LONGEST:
        found = _Reader(text).whole()
        if found is not None:
            return Unit(text, found[0], _dimension(found[1]))
    raise ExpressionError(Place(), unknown_unit(text))


def is_known(text: str) -> bool:
    """Whether `text` is a unit that `parse_unit` can read."""
    try:
        parse_unit(text)
    except ExpressionError:
        return False
    return True


def conversion(a: str, b: str) -> float:
    """The number that a value in unit `a` is multiplied by to be in unit `b`.

    Raises:
        ExpressionError: a unit is unknown, or the two measure different things.

    >>> conversion("g/L", "mg/dL")
    100.0
    """
    first, second = parse_unit(a), parse_unit(b)
    if first.dimension != second.dimension:
        problem = f"{a} cannot be converted to {b}: they measure different things. Correct a unit."
        raise ExpressionError(Place(), problem)
    return float(f"{first.factor / second.factor:.15g}")


def molar(a: str, b: str, grams_per_mole: float) -> float | None:
    """The factor from unit `a` to `b` where one counts mass and the other amount, else None.

    >>> round(molar("mg/dL", "umol/L", 113.12), 3)
    88.402
    """
    first, second = parse_unit(a), parse_unit(b)
    mass, amount = Unit("g", 1.0, (("g", 1),)), Unit("mol", 1.0, (("mol", 1),))
    per = 1 / grams_per_mole if grams_per_mole > 0 else 0.0
    for found, factor in (
        (first.over(mass).times(amount), per),
        (first.over(amount).times(mass), grams_per_mole),
    ):
        if found.dimension == second.dimension and factor:
            return float(f"{first.factor / second.factor * factor:.15g}")
    return None


def unknown_unit(text: object) -> str:
    """The sentence for a unit that cannot be read."""
    shown = str(text)[:40]
    meant = _MEANT.get(shown.strip()) or _MEANT.get(shown.strip().lower())
    if meant is None:
        spelt = shown.replace("\u00b5", "u").replace("\u03bc", "u").replace(" ", "")
        spelt = re.sub(r"mmHg", "mm[Hg]", spelt)
        meant = spelt if spelt != shown and _Reader(spelt).whole() is not None else None
    remedy = f"Write {meant}." if meant else "Write it in UCUM, for example mg/L, mm[Hg] or /min."
    return f"The unit `{shown}` is not known. {remedy}"


def _dimension(powers: dict[str, int]) -> Dimension:
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _combined(left: Unit, right: Unit, sign: int) -> Unit:
    powers = dict(left.dimension)
    for name, power in right.dimension:
        powers[name] = powers.get(name, 0) + sign * power
    factor = left.factor * right.factor if sign > 0 else left.factor / right.factor
    factor = min(max(factor, 1e-300), 1e300)
    dimension = _dimension(powers)
    if not dimension and math.isclose(factor, 1.0, rel_tol=1e-9):
        return ONE
    return Unit(_written(left.text, right.text, sign), factor, dimension)


def _written(left: str, right: str, sign: int) -> str:
    if right == "1":
        return left
    inner = f"({right})" if "/" in right or "." in right else right
    if left == "1":
        return right if sign > 0 else f"/{inner}"
    return f"{left}{'.' if sign > 0 else '/'}{inner}"


class _Reader:
    """Reads one UCUM term from left to right; gives None where it is not one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> tuple[float, dict[str, int]] | None:
        try:
            found = self.term(0) if self.text else None
        except (OverflowError, ZeroDivisionError):
            return None
        if found is None or self.at != len(self.text) or not 1e-300 < found[0] < 1e300:
            return None
        return found

    def next(self) -> re.Match[str] | None:
        match = _PIECE.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def term(self, depth: int) -> tuple[float, dict[str, int]] | None:
        factor, powers = 1.0, dict[str, int]()
        sign = 1
        if self.text.startswith("/", self.at):
            self.at += 1
            sign = -1
        while True:
            part = self.component(depth)
            if part is None:
                return None
            factor *= part[0] ** sign
            for name, power in part[1].items():
                powers[name] = powers.get(name, 0) + sign * power
            if not self.text.startswith((".", "/"), self.at):
                return factor, powers
            sign = 1 if self.text[self.at] == "." else -1
            self.at += 1

    def component(self, depth: int) -> tuple[float, dict[str, int]] | None:
        piece = self.next()
        if piece is None or piece["sign"] or piece["close"] or depth > 20:
            return None
        if piece["open"]:
            inner = self.term(depth + 1)
            closing = self.next()
            return inner if closing is not None and closing["close"] else None
        if piece["note"]:
            return 1.0, {piece["note"]: 1}
        if piece["integer"]:
            number = piece["integer"]
            return (float(number), {}) if len(number) <= 12 and int(number) else None
        return self.annotated(_atom(piece["atom"], int((piece["power"] or "1")[:3])))

    def annotated(
        self, found: tuple[float, dict[str, int]] | None
    ) -> tuple[float, dict[str, int]] | None:
        if found is not None and self.text.startswith("{", self.at):
            note = self.next()
            return None if note is None else (found[0], {**found[1], note["note"]: 1})
        return found


def _atom(symbol: str, power: int) -> tuple[float, dict[str, int]] | None:
    found = PLAIN.get(symbol) or METRIC.get(symbol)
    scale = 1.0
    if found is None:
        for length in (1, 2):
            prefix = PREFIXES.get(symbol[:length])
            if prefix is not None and symbol[length:] in METRIC:
                found, scale = METRIC[symbol[length:]], prefix
    if found is None or not -30 <= power <= 30 or power == 0:
        return None
    factor = (found[0] * scale) ** power
    return factor, {name: exponent * power for name, exponent in found[1].items()}
