"""The type I error: is more of it spent than there is?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.places import Key, Path

CONFIRMATORY = frozenset({"primary", "key-secondary"})
SPENDING: dict[str, str | None] = {
    "obrien-fleming": None,
    "pocock": None,
    "wang-tsiatis": "delta",
    "haybittle-peto": "z",
    "lan-demets-obrien-fleming": None,
    "lan-demets-pocock": None,
    "hwang-shih-decani": "gamma",
    "kim-demets": "rho",
    "user": "spent",
}
"""Boundaries of an interim and the parameter that each needs; compared with `design`."""

_CLOSE = 1e-9


def alpha_findings(subject: Subject) -> Iterator[Finding]:
    """Parallel tests, interim spending and sides that do not fit the plan."""
    plan = subject.protocol.analysis
    if not 0 < plan.alpha < 0.5:
        words = f"`alpha` is {plan.alpha:g}: give a share between 0 and 0.5, such as 0.05."
        yield subject.finding("study.range", _top("alpha"), words)
        return
    yield from _parallel(subject)
    yield from _interim(subject)
    yield from _sample_size(subject)


def _top(*keys: Key) -> Path:
    return (PROTOCOL_FILE, "analysis", *keys)


def _parallel(subject: Subject) -> Iterator[Finding]:
    """The sequence is one test at alpha; each confirmatory estimand outside is another."""
    protocol = subject.protocol
    sequence = protocol.analysis.sequence
    alpha = protocol.analysis.alpha
    for number, name in enumerate(sequence):
        if name in sequence[:number]:
            words = f"`{name}` stands twice in the sequence: test it once."
            yield subject.finding("study.alpha-overspent", _top("sequence", number), words)
    outside = [
        (number, one)
        for number, one in enumerate(protocol.estimands)
        if one.level in CONFIRMATORY and one.id not in sequence
    ]
    tests = len(outside) + bool(sequence)
    for number, one in outside if tests > 1 else ():
        words = (
            f"`{one.id}` is {one.level} but not in the sequence: {tests} tests side by side at "
            f"{alpha:g} spend {tests * alpha:g}. Put it in `analysis.sequence`."
        )
        path = (PROTOCOL_FILE, "estimands", number, "level")
        yield subject.finding("study.alpha-overspent", path, words)


def _interim(subject: Subject) -> Iterator[Finding]:
    interim = subject.protocol.analysis.interim
    if interim is None:
        return
    looks = interim.information
    rising = all(a < b for a, b in itertools.pairwise(looks))
    if not looks or not rising or looks[0] <= 0 or abs(looks[-1] - 1) > _CLOSE:
        words = "Information must rise from above 0 to exactly 1: correct the fractions."
        yield subject.finding("study.range", _top("interim", "information"), words)
    if interim.spending not in SPENDING:
        words = f"There is no spending `{interim.spending}`: choose one of {', '.join(SPENDING)}."
        yield subject.finding("study.unknown-scheme", _top("interim", "spending"), words)
        return
    needed = SPENDING[interim.spending]
    for name in interim.parameters:
        if name != needed:
            words = f"Spending `{interim.spending}` takes no `{name}`: remove it."
            path = _top("interim", "parameters", name)
            yield subject.finding("study.unknown-scheme", path, words, key=True)
    if needed and needed not in interim.parameters:
        words = f"Spending `{interim.spending}` needs the parameter `{needed}`: add it."
        yield subject.finding("study.unknown-scheme", _top("interim", "spending"), words)
    elif needed == "spent":
        yield from _user(subject)


def _user(subject: Subject) -> Iterator[Finding]:
    plan = subject.protocol.analysis
    given = plan.interim.parameters["spent"] if plan.interim else ()
    spent = given if isinstance(given, tuple) else (given,)
    path = _top("interim", "parameters", "spent")
    if plan.interim and len(spent) != len(plan.interim.information):
        words = f"`spent` has {len(spent)} values for {len(plan.interim.information)} looks."
        yield subject.finding("study.range", path, words)
    if any(a > b for a, b in itertools.pairwise(spent)) or any(one < 0 for one in spent):
        words = "`spent` is cumulative: it starts at 0 or more and never falls. Correct it."
        yield subject.finding("study.range", path, words)
    if max(spent, default=0) > plan.alpha + _CLOSE:
        words = f"{max(spent):g} is spent but alpha is {plan.alpha:g}: spend no more than that."
        yield subject.finding("study.alpha-overspent", path, words)


def _sample_size(subject: Subject) -> Iterator[Finding]:
    plan = subject.protocol.analysis
    for number, basis in enumerate(plan.sample_size):
        path = _top("sample_size", number)
        if not plan.alpha < basis.power < 1:
            words = f"A power of {basis.power:g} is impossible: give a share such as 0.9."
            yield subject.finding("study.range", (*path, "power"), words)
        alpha = basis.parameters.get("alpha")
        if isinstance(alpha, int | float) and alpha > plan.alpha + _CLOSE:
            words = f"The sample size assumes alpha {alpha:g}, the plan spends {plan.alpha:g}."
            yield subject.finding(
                "study.alpha-overspent", (*path, "parameters", "alpha"), f"{words} Use one."
            )
        sides = basis.parameters.get("sides")
        if sides is not None and sides != plan.sides:
            words = f"The sample size is for {sides} sides, the plan tests {plan.sides}: use one."
            path = (*path, "parameters", "sides")
            yield subject.finding("study.sides-mismatch", path, words)
