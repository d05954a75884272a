"""A draft of the plain summary for participants, made of the results of the analysis.

What is said of the main result follows the test that the protocol planned, and never more: a
difference is only called found where the fixed sequence calls it significant and the interval
agrees. A person reads the draft, edits it and releases it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Literal

from equipoise.exchange.plain_words import WORDS
from equipoise.protocol.estimands import Endpoint, Estimand
from equipoise.protocol.model import Study

Verdict = Literal["better", "worse", "not-found", "cannot-say", "not-tested"]
Row = Mapping[str, Any]
LANGUAGES = tuple(WORDS)
"""Languages in which a draft can be made."""
_FEW = 20  # fewer people than this are not told per hundred
_MIDDLE = re.compile(r"median (-?[\d.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A question, its paragraphs, then a list with what stands under it. The first has no title."""

    title: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def plain_summary(study: Study, results: Row, *, language: str) -> tuple[Section, ...]:
    """The sections of the draft; () in a language that has no sentences.

    Args:
        study: the study as it was analysed.
        results: results.json, as `equipoise.analysis.report.results_document` makes it.
        language: one of `LANGUAGES`.

    """
    if language not in WORDS:
        return ()
    draft = _Draft(study=study, results=results, language=language)
    made = (
        draft.thanks(),
        draft.why(),
        draft.who(),
        draft.groups(),
        draft.found(),
        draft.harm(),
        draft.simple("meaning", "caution"),
        draft.simple("ask", "call"),
    )
    return tuple(one for one in made if one.paragraphs or one.points)


def as_text(sections: Iterable[Section]) -> str:
    """The draft as one text: questions as headings, lists with dashes."""
    parts: list[str] = []
    for one in sections:
        parts += [f"## {one.title}"] if one.title else []
        parts += one.paragraphs
        if one.points:
            parts.append("\n".join(f"- {point}" for point in one.points))
        parts += one.after
    return "\n\n".join(parts)


def verdict(row: Row | None, step: Row | None) -> Verdict:
    """What may be said of one main result.

    Args:
        row: its row of `results`.
        step: its step of `sequence`.

    """
    if row is None or step is None or row["estimate"] is None or step["p_value"] is None:
        return "cannot-say"
    if not step["confirmatory"]:
        return "not-tested"
    within = _interval(row) and row["ci_low"] <= row["null"] <= row["ci_high"]
    if _interval(row) and within == step["significant"]:
        return "cannot-say"  # the test and the interval do not agree
    if not step["significant"]:
        return "not-found"
    if row["favours"] == "experimental":
        return "better"
    return "worse" if row["favours"] == "control" else "cannot-say"


def _interval(row: Row) -> bool:
    return None not in (row["ci_low"], row["ci_high"], row["null"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One draft in one language."""

    study: Study
    results: Row
    language: str

    def say(self, name: str, **values: object) -> str:
        return WORDS[self.language][name].format(**values)

    def many(self, name: str, n: int) -> str:
        """A sentence with a count, "" for none."""
        return "" if n == 0 else self.say(f"{name}-one" if n == 1 else name, n=n)

    def line(self, *sentences: str) -> str:
        return ("" if self.language.startswith("zh") else " ").join(one for one in sentences if one)

    def simple(self, title: str, *names: str) -> Section:
        return Section(title=self.say(title), paragraphs=tuple(self.say(one) for one in names))

    def letter(self, arm: str) -> str:
        """The letter of a group, in the order of the protocol."""
        place = [one.id for one in self.study.protocol.arms].index(arm)
        return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)

    def thanks(self) -> Section:
        names = ["thanked"] + (["simulated"] if self.results["simulated"] else [])
        return Section(title="", paragraphs=tuple(self.say(one) for one in names))

    def why(self) -> Section:
        asked = [one for one in self.study.protocol.objectives if one.level == "primary"]
        points = tuple(one.text.say(self.language) for one in asked)
        said = (self.say("asked"),) if points else ()
        return Section(title=self.say("why"), paragraphs=said, points=points)

    def who(self) -> Section:
        flow, people = self.results["flow"], self.results["participants"]
        gone = sum(one["withdrew"] + one["lost"] for one in flow["arms"])
        joined = self.many("joined", people["randomised"])
        places = self.say("places", n=people["sites"]) if people["sites"] > 1 else ""
        words = self.line(
            joined, places, self.many("unfit", flow["not_randomised"]), self.many("left", gone)
        )
        return Section(title=self.say("who"), paragraphs=(words,) if words else ())

    def groups(self) -> Section:
        allocated = {one["arm"]: one["allocated"] for one in self.results["flow"]["arms"]}
        points = []
        for arm in self.study.protocol.arms:
            n, title = allocated.get(arm.id, 0), arm.title.say(self.language)
            name = "group-one" if n == 1 else "group"
            points.append(self.say(name, a=self.letter(arm.id), n=n, title=title))
        said = (self.say("chance"),)
        return Section(title=self.say("what"), paragraphs=said, points=tuple(points))

    def rows(self, estimand: Estimand) -> list[Row]:
        """The main rows that compare two groups, one per contrast."""
        return [
            one
            for one in self.results["results"]
            if one["estimand"] == estimand.id and one["role"] == "main" and one["contrast"]
        ]

    def found(self) -> Section:
        """What came of every primary estimand."""
        parts: list[str] = []
        for estimand in self.study.protocol.estimands:
            if estimand.level == "primary":
                parts += self._main(estimand)
        return Section(title=self.say("found"), paragraphs=tuple(parts))

    def _main(self, estimand: Estimand) -> Iterator[str]:
        endpoints = self.study.protocol.endpoints
        endpoint = next(one for one in endpoints if one.id == estimand.endpoint)
        rows = self.rows(estimand)
        yield self.say("looked", title=endpoint.title.say(self.language))
        counted = [self._group(endpoint, one) for one in self._counts(rows)]
        if counted:
            yield "\n".join(f"- {one}" for one in counted)
        missing = self.many("missing", self._missing(rows))
        if missing:
            yield missing
        for contrast in self.results["contrasts"]:
            yield from self._compared(estimand, contrast, rows)

    def _counts(self, rows: Sequence[Row]) -> list[Row]:
        """What each group had, once, in the order of the protocol."""
        found = {one["arm"]: one for row in rows for one in row["groups"]}
        return [found[arm.id] for arm in self.study.protocol.arms if arm.id in found]

    def _missing(self, rows: Sequence[Row]) -> int:
        """Members of the analysis set who were not counted in any group."""
        if not rows:
            return 0
        sets = {one["id"]: one["arms"] for one in self.results["sets"]}
        inside: Mapping[str, int] = sets[rows[0]["population"]]
        return sum(inside[one["arm"]] - int(one["n"]) for one in self._counts(rows))

    def _group(self, endpoint: Endpoint, group: Row) -> str:
        """How one group did, in natural numbers."""
        n, events = group["n"], group["events"]
        said = {"a": self.letter(group["arm"]), "n": n, "events": events}
        if n == 0:
            return self.say("nobody", **said)
        middle = _MIDDLE.search(group["summary"])
        if events is None:
            if middle is None:
                return self.say("measured", **said)
            return self.say("middle", **said, value=f"{float(middle[1]):g}")
        reached = endpoint.kind == "first-day"
        share = self.say("per-100", share=round(100 * events / n)) if n >= _FEW else ""
        half = self.say("half", day=f"{float(middle[1]):g}") if reached and middle else ""
        return self.line(self.say("reached" if reached else "happened", **said), share, half)

    def _compared(self, estimand: Estimand, contrast: Row, rows: Sequence[Row]) -> Iterator[str]:
        """The verdict on one contrast, then how sure it is."""
        name = contrast["name"]
        a, b = self.letter(contrast["experimental"]), self.letter(contrast["control"])
        row = next((one for one in rows if one["contrast"] == name), None)
        steps = (one for one in self.results["sequence"] if one["estimand"] == estimand.id)
        step = next((one for one in steps if one["contrast"] == name), None)
        judged = verdict(row, step)
        yield self.say(judged, a=a, b=b)
        if row is not None and row["estimate"] is not None and _interval(row):
            yield self._sure(row, a, b)
        elif judged in ("better", "worse"):
            yield self.say("size-unknown")

    def _sure(self, row: Row, a: str, b: str) -> str:
        """The estimate with its interval: in people of a hundred where people were counted."""
        values = (row["estimate"], row["ci_low"], row["ci_high"])
        people = row["scale"] == "difference" and row["groups"][0]["events"] is not None
        words = [(self._people(one) if people else _number(one)) for one in values]
        guess, low, high = words
        if people:
            return self.say("in-100", a=a, b=b, guess=guess, low=low, high=high)
        null = _number(row["null"])
        said = self.say("number", null=null, guess=guess, low=low, high=high)
        if row["favours"] not in ("experimental", "control"):
            return said
        ours = (row["estimate"] > row["null"]) == (row["favours"] == "experimental")
        return self.line(said, self.say("above", null=null, a=a if ours else b))

    def _people(self, share: float) -> str:
        n = max(-100, min(100, round(100 * share)))  # some intervals reach beyond everybody
        return self.say("as-many" if n == 0 else "more" if n > 0 else "fewer", n=abs(n))

    def harm(self) -> Section:
        """Side effects as counted: the estimands of safety, and deaths."""
        endpoints = {one.id: one for one in self.study.protocol.endpoints}
        points, zero = [], False
        for estimand in self.study.protocol.estimands:
            counts = [one for one in self._counts(self.rows(estimand)) if one["n"]]
            if estimand.level == "safety" and counts and counts[0]["events"] is not None:
                title = endpoints[estimand.endpoint].title.say(self.language)
                points.append(self.line(self.say("harmed", title=title), self._each(counts)))
                zero = zero or any(one["events"] == 0 for one in counts)
        died = self._deaths()
        if not points:
            return Section(title=self.say("harm"), paragraphs=(*died, self.say("no-counts")))
        after = self.line(self.say("untested"), self.say("zero") if zero else "")
        said = (*died, self.say("counted"))
        return Section(
            title=self.say("harm"), paragraphs=said, points=tuple(points), after=(after,)
        )

    def _each(self, counts: Iterable[Row]) -> str:
        """The counts of every group, in one sentence."""
        said = [
            self.say("of", a=self.letter(one["arm"]), n=one["n"], events=one["events"])
            for one in counts
        ]
        return self.say("and").join(said)

    def _deaths(self) -> tuple[str, ...]:
        arms = {one["arm"]: one for one in self.results["flow"]["arms"]}
        n = sum(one["died"] for one in arms.values())
        counts = [
            {"arm": one.id, "n": arms[one.id]["allocated"], "events": arms[one.id]["died"]}
            for one in self.study.protocol.arms
            if one.id in arms
        ]
        if n == 0:
            return ()
        each = self.line(self.say("deaths"), self._each(counts))
        end = "。" if self.language.startswith("zh") else "."
        return (self.many("died", n), each + end)


def _number(value: float) -> str:
    """Three digits that count, never an exponent."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{float(f'{value:.3g}'):g}"
