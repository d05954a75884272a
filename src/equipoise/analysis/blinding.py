"""Did the blinding hold? Guesses by arm, with the indices of Bang and of James."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.analysis.estimators import Estimate, bang, james
from equipoise.analysis.labels import Labels
from equipoise.analysis.plan import Trial
from equipoise.analysis.summaries import spanned
from equipoise.analysis.tables import Table, line
from equipoise.errors import NotEstimable, say
from equipoise.protocol.forms import Form, Item


@dataclass(frozen=True, kw_only=True)
class Guesses:
    """The guesses of one kind of person at one visit, one row per answer."""

    who: str
    visit: str
    guess: tuple[str, ...]  # experimental, control or unknown
    experimental: tuple[bool, ...]  # the arm


def meanings(trial: Trial, item: Item) -> Mapping[str, str]:
    """What each code of the guess means: experimental, control or unknown.

    A code that is the id of an arm or of its product means that arm. Of the others the last
    is "cannot say"; any before it mean the experimental treatment.
    """
    arms = trial.protocol.arms
    roles = {one.id: one.role for one in arms} | {one.product: one.role for one in arms}
    listed = next((one for one in trial.protocol.code_lists if one.id == item.codes), None)
    codes = listed.values() if listed is not None else ()
    found: dict[str, str] = {code: roles[code] for code in codes if code in roles}
    others = [code for code in codes if code not in roles]
    found.update(dict.fromkeys(others[:-1], "experimental"))
    found.update(dict.fromkeys(others[-1:], "unknown"))
    return found


def guesses(trial: Trial, labels: Labels) -> tuple[Guesses, ...]:
    """All guesses, grouped by who answered and at which visit."""
    plan = trial.protocol.analysis
    form = trial.dataset.study.forms.get(plan.blinding_form or "")
    item = form.item(plan.blinding_item) if form and plan.blinding_item else None
    if form is None or item is None:
        return ()
    told, rater = meanings(trial, item), _rater(form, item)
    roles = {arm.id: arm.role == "experimental" for arm in trial.protocol.arms}
    groups: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for row in trial.dataset.randomised:
        for record in trial.dataset.records_of(row.code, form.id):
            answer = told.get(str(record.values.get(item.id)))
            if answer is not None and row.received is not None:
                who = "" if rater is None else str(record.values.get(rater, ""))
                groups.setdefault((record.visit, who), []).append((answer, roles[row.received]))
    return tuple(
        Guesses(
            who=labels.level(f"{form.id}.{rater}", who) if who else "Participant",
            visit=_visit(trial, labels, visit),
            guess=tuple(one for one, _ in rows),
            experimental=tuple(side for _, side in rows),
        )
        for (visit, who), rows in sorted(groups.items(), key=lambda one: _order(trial, one[0]))
    )


def _rater(form: Form, item: Item) -> str | None:
    """The item that says who answered: the first other required code of the form."""
    found = (
        one.id
        for one in form.items()
        if one.type == "code" and one.required and one.id != item.id and one.shown_if is None
    )
    return next(found, None)


def _order(trial: Trial, key: tuple[str, str]) -> tuple[int, str]:
    return next((one.day for one in trial.protocol.visits if one.id == key[0]), 0), key[1]


def _visit(trial: Trial, labels: Labels, name: str) -> str:
    found = (one.title.say(labels.language) for one in trial.protocol.visits if one.id == name)
    return next(found, name)


def blinding_table(trial: Trial, labels: Labels) -> Table | None:
    """Guesses and indices; None where nobody was asked."""
    found = guesses(trial, labels)
    if not found:
        return None
    return Table(
        id="blinding",
        title="Guesses of the treatment, and blinding indices",
        first="Who was asked, when",
        columns=(
            "Experimental arms: guessed experimental / control / cannot say",
            "Control arm: guessed experimental / control / cannot say",
            "Bang, experimental (95 % CI)",
            "Bang, control (95 % CI)",
            "James (95 % CI)",
        ),
        lines=tuple(
            line(say("{who}, {visit}", who=one.who, visit=one.visit), _cells(one)) for one in found
        ),
        notes=(
            "Bang: 0 = guessing at random, 1 = all right, −1 = all wrong. James: 1 = all cannot "
            "say, 0.5 = guessing at random, 0 = all right. Guesses late in a trial also reflect "
            "how the illness went.",
        ),
    )


def _cells(one: Guesses) -> list[str]:
    counts = [
        Counter(g for g, side in zip(one.guess, one.experimental, strict=True) if side is wanted)
        for wanted in (True, False)
    ]
    cells = [" / ".join(str(c[k]) for k in ("experimental", "control", "unknown")) for c in counts]
    guess, arm = np.array(one.guess), np.array(one.experimental)
    return cells + _bang(guess, arm) + _james(guess, arm)


def _bang(guess: np.ndarray, arm: np.ndarray) -> list[str]:
    try:
        found = bang(guess, arm)
    except NotEstimable as problem:
        return [say("– ({why})", why=problem.why), "–"]
    return [_said(found.experimental), _said(found.control)]


def _james(guess: np.ndarray, arm: np.ndarray) -> list[str]:
    try:
        return [_said(james(guess, arm))]
    except NotEstimable as problem:
        return [say("– ({why})", why=problem.why)]


def _said(one: Estimate) -> str:
    parts: Sequence[float] = (one.value, one.ci_low, one.ci_high)
    value, low, high = (f"{part:.2f}".replace("-", "−") for part in parts)
    return spanned(value, low, high)
