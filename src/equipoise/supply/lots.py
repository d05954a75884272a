"""The life of a product lot: certificate, release by a second person, quarantine, recall.

Which lot is in which kit is known on the unblinded side alone; the rules are here because
they are rules. A lot is judged against the release tests of its product in the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from typing import Any, Literal

from equipoise.errors import LotNotReleasable, OutOfOrder, ReasonRequired, TwoPersonsRequired, say
from equipoise.protocol.model import ReleaseTest

LotStatus = Literal["unknown", "made", "certified", "released", "quarantined", "recalled"]
LotStep = Literal["make", "certify", "release", "quarantine", "lift", "recall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LotState:
    """A lot as its steps have made it. `results` is the certificate: test id to value.

    `held_from` is the status to which a lifted quarantine goes back.
    """

    code: str = ""
    product: str = ""
    status: LotStatus = "unknown"
    held_from: LotStatus = "unknown"
    made_on: str = ""
    expires_on: str = ""
    scale: str = ""
    passage: str = ""
    storage: str = ""
    results: tuple[tuple[str, float | str], ...] = ()
    certified_by: str = ""

    @property
    def usable(self) -> bool:
        """Whether kits may be packed from it, and used."""
        return self.status == "released"


NO_LOT = LotState()


@dataclass(frozen=True, slots=True, kw_only=True)
class LotCommand:
    """What somebody asks to do with a lot. `details`: those of `make`, `results` of `certify`."""

    step: LotStep
    by: str
    on: date
    reason: str = ""
    details: Mapping[str, str] | None = None
    results: Mapping[str, float | str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One release test and what the certificate says of it; `passes` None: no result."""

    test: ReleaseTest
    value: float | str | None
    passes: bool | None


def judge(
    tests: Iterable[ReleaseTest], results: Iterable[tuple[str, float | str]]
) -> tuple[Judged, ...]:
    """Every release test of the product with the result of the lot, in the protocol's order."""
    known = dict(results)
    return tuple(
        Judged(test=test, value=known.get(test.id), passes=_passes(test, known.get(test.id)))
        for test in tests
    )


def _passes(test: ReleaseTest, value: float | str | None) -> bool | None:
    if value is None:
        return None
    if test.accept is not None:
        return value == test.accept
    if isinstance(value, str):
        return False
    return (test.low is None or value >= test.low) and (test.high is None or value <= test.high)


def deviations(judged: Iterable[Judged]) -> tuple[str, ...]:
    """A sentence part for each test that is missing or outside its limits."""
    return tuple(_deviation(one) for one in judged if one.passes is not True)


def _deviation(one: Judged) -> str:
    if one.passes is None:
        return say("test {test} has no result", test=one.test.id)
    return say(
        "test {test} is {value}, the limit is {limit}",
        test=one.test.id,
        value=_said(one.value),
        limit=limit(one.test),
    )


def _said(value: float | str | None) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def limit(test: ReleaseTest) -> str:
    """The limit of a test in words: `0.8 to 1.2 g/L`, `at most 0.5`, `no growth`."""
    if test.accept is not None:
        return test.accept
    unit = f" {test.unit}" if test.unit else ""
    if test.low is not None and test.high is not None:
        return say("{low} to {high}", low=f"{test.low:g}", high=f"{test.high:g}{unit}")
    if test.low is not None:
        return say("at least {low}", low=f"{test.low:g}{unit}")
    return (
        say("at most {high}", high=f"{test.high:g}{unit}")
        if test.high is not None
        else "not stated"
    )


def step(state: LotState, command: LotCommand, tests: Iterable[ReleaseTest]) -> LotState:
    """The lot after one step, or a refusal.

    Raises:
        OutOfOrder: the step does not follow from where the lot stands.
        LotNotReleasable: a test is missing or outside; the sentence says which.
        TwoPersonsRequired: who entered the certificate may not release the lot.
        ReasonRequired.

    """
    return _STEPS[command.step](state, command, tuple(tests))


def _make(state: LotState, command: LotCommand, _: tuple[ReleaseTest, ...]) -> LotState:
    details = dict(command.details or {})
    code = details.get("code", "").strip()
    if state.status != "unknown":
        raise OutOfOrder(say("Lot {code}", code=state.code), "a lot of this code exists")
    if not code or not details.get("product"):
        raise OutOfOrder("A lot", "a code and a product are needed")
    made, expires = (_day(details.get(name, "")) for name in ("made_on", "expires_on"))
    if made > command.on or expires <= made:
        raise OutOfOrder(
            say("Lot {code}", code=code), "it was made in the future, or expires before it was made"
        )
    return replace(state, status="made", **details)  # type: ignore[arg-type]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise OutOfOrder(
            "A lot", say("{text} is not a date such as 2026-03-01", text=repr(text))
        ) from problem


def _certify(state: LotState, command: LotCommand, tests: tuple[ReleaseTest, ...]) -> LotState:
    _one_of(state, ("made", "certified", "released", "quarantined"), "A certificate")
    if state.results and not command.reason.strip():
        raise ReasonRequired(say("A new certificate of lot {code}", code=state.code))
    results = {
        name: _number_or_words(name, value) for name, value in (command.results or {}).items()
    }
    unknown = sorted(results.keys() - {test.id for test in tests})
    if unknown or not results:
        why = f"{', '.join(unknown)} is no release test" if unknown else "it has no results"
        raise OutOfOrder(say("The certificate of lot {code}", code=state.code), why)
    status: LotStatus = "certified" if state.status == "made" else state.status
    merged = {**dict(state.results), **results}
    return replace(
        state, status=status, results=tuple(sorted(merged.items())), certified_by=command.by
    )


def _number_or_words(name: str, value: float | str) -> float | str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isfinite(value):
        raise OutOfOrder(say("The result of test {name}", name=name), "it is no number")
    return float(value)


def _release(state: LotState, command: LotCommand, tests: tuple[ReleaseTest, ...]) -> LotState:
    if state.status == "made":
        raise LotNotReleasable(state.code, ("it has no certificate",))
    _one_of(state, ("certified",), "The release")
    _require_within(state, command, tests)
    if command.by == state.certified_by:
        raise TwoPersonsRequired(say("Release of lot {code}", code=state.code))
    if not command.reason.strip():
        raise ReasonRequired(say("Release of lot {code}", code=state.code))
    return replace(state, status="released")


def _require_within(state: LotState, command: LotCommand, tests: tuple[ReleaseTest, ...]) -> None:
    why = deviations(judge(tests, state.results))
    if date.fromisoformat(state.expires_on) <= command.on:
        why = (*why, f"it expired on {state.expires_on}")
    if why:
        raise LotNotReleasable(state.code, why)


def _quarantine(state: LotState, command: LotCommand, _: tuple[ReleaseTest, ...]) -> LotState:
    _one_of(state, ("made", "certified", "released"), "Quarantine")
    _say_why(command, f"Quarantine of lot {state.code}")
    return replace(state, status="quarantined", held_from=state.status)


def _lift(state: LotState, command: LotCommand, tests: tuple[ReleaseTest, ...]) -> LotState:
    _one_of(state, ("quarantined",), "The end of quarantine")
    _say_why(command, f"The end of quarantine of lot {state.code}")
    if state.held_from == "released":
        _require_within(state, command, tests)
    return replace(state, status=state.held_from, held_from="unknown")


def _recall(state: LotState, command: LotCommand, _: tuple[ReleaseTest, ...]) -> LotState:
    _one_of(state, ("made", "certified", "released", "quarantined"), "Recall")
    _say_why(command, f"Recall of lot {state.code}")
    return replace(state, status="recalled")


def _one_of(state: LotState, allowed: tuple[LotStatus, ...], what: str) -> None:
    if state.status not in allowed:
        raise OutOfOrder(
            say("{what} of lot {code}", what=what, code=state.code or "(none)"),
            say("the lot is {status}", status=state.status),
        )


def _say_why(command: LotCommand, what: str) -> None:
    if not command.reason.strip():
        raise ReasonRequired(what)


_STEPS: dict[str, Callable[[LotState, LotCommand, Any], LotState]] = {
    "make": _make,
    "certify": _certify,
    "release": _release,
    "quarantine": _quarantine,
    "lift": _lift,
    "recall": _recall,
}
