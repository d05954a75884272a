"""The words of the protocol for arms, items, codes and units, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from equipoise.analysis.answers import said
from equipoise.analysis.words import words_in
from equipoise.errors import say
from equipoise.protocol.forms import CodeList, Item
from equipoise.protocol.model import Derived, Study

LONGEST_ARM = 24
_UNITS = {
    "Cel": "°C",
    "/min": "per minute",
    "mm[Hg]": "mmHg",
    "cm[H2O]": "cmH₂O",
    "a": "years",
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "10*9/L": "×10⁹/L",
    "[ppth]": "‰",
    "kg/m2": "kg/m²",
    "1": "",
    "/uL": "per µL",
    "ug/L": "µg/L",
    "umol/L": "µmol/L",
}


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a name of the protocol stands for: words, unit, and its codes where it has any."""

    text: str
    unit: str
    type: str
    codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Labels:
    """Looks up words. `language` falls back to English where a text has no other."""

    study: Study
    language: str = "en"

    def words(self, template: str, /, **facts: object) -> str:
        """What the report says of its own, in its language."""
        return words_in(self.language, say(template, **facts) if facts else template)

    @cached_property
    def arms(self) -> dict[str, str]:
        """A short name for every arm: its title up to the first comma, else its id."""
        found = {}
        for arm in self.study.protocol.arms:
            words = arm.title.say(self.language)
            short = words.replace("，", ",").split(",")[0].strip()
            found[arm.id] = short if len(short) <= LONGEST_ARM else arm.id.capitalize()
        return found

    def arm(self, name: str) -> str:
        """The short name of an arm."""
        return self.arms.get(name, name)

    def contrast(self, name: str) -> str:
        """A contrast in words."""
        return " − ".join(self.arm(one) for one in name.split(" - "))

    def site(self, name: str) -> str:
        """The name of a site; its id where the protocol does not know it."""
        for site in self.study.protocol.sites:
            if site.id == name:
                return site.name.say(self.language)
        return name

    def endpoint(self, name: str) -> str:
        """The title of an endpoint."""
        found = next(one for one in self.study.protocol.endpoints if one.id == name)
        return found.title.say(self.language)

    def item(self, form: str, name: str) -> Named:
        """One item of one form."""
        found = self.study.forms[form].item(name) if form in self.study.forms else None
        return self._of_item(found) if found is not None else _unnamed(name)

    def named(self, name: str) -> Named:
        """What a bare, `form.item` or `visit.form.item` name stands for."""
        if name == "site":
            return Named(text=self.words("Site"), unit="", type="code", codes=self._sites())
        parts = name.split(".")
        if len(parts) > 1:
            return self.item(parts[-2], parts[-1])
        for derived in self.study.protocol.derived:
            if derived.id == name:
                return self._of_derived(derived)
        for form in self.study.forms.values():
            item = form.item(name)
            if item is not None:
                return self._of_item(item)
        return _unnamed(name)

    def level(self, name: str, value: object) -> str:
        """A value in words: the text of its code where it has one."""
        told = said(value)
        return dict(self.named(name).codes).get(told, told)

    def unit(self, unit: str | None) -> str:
        """A UCUM unit as people write it."""
        return self.words(unit_of(unit))

    def _sites(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.id, one.name.say(self.language)) for one in self.study.protocol.sites)

    def _of_item(self, item: Item) -> Named:
        return Named(
            text=item.text.say(self.language),
            unit=self.unit(item.unit),
            type=item.type,
            codes=self._codes(item.codes),
        )

    def _of_derived(self, derived: Derived) -> Named:
        listed = self._codes(derived.codes)
        told = [row.value for row in derived.rows if isinstance(row.value, str)]
        return Named(
            text=derived.text.say(self.language),
            unit=self.unit(derived.unit),
            type=derived.type,
            codes=listed or tuple((one, one) for one in dict.fromkeys(told)),
        )

    def _codes(self, name: str | None) -> tuple[tuple[str, str], ...]:
        lists: Sequence[CodeList] = self.study.protocol.code_lists
        found = next((one for one in lists if one.id == name), None)
        if found is None:
            return ()
        return tuple((code.code, code.text.say(self.language)) for code in found.codes)


def _unnamed(name: str) -> Named:
    return Named(text=name, unit="", type="decimal", codes=())


def unit_of(unit: str | None) -> str:
    """A UCUM unit as people write it."""
    return "" if unit is None else _UNITS.get(unit) or _plain(unit)


def _plain(unit: str) -> str:
    """UCUM annotations without their braces: `{particles}/mL` is particles/mL."""
    return "" if unit == "1" else unit.replace("{", " ").replace("}", "").strip()


def with_unit(named: Named) -> str:
    """The words with the unit behind a comma."""
    return f"{named.text}, {named.unit}" if named.unit else named.text
