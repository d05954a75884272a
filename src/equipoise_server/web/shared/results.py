"""Results as the analysis wrote them, once the trial has been unblinded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from equipoise.exchange.plain_summary import as_text, plain_summary
from equipoise_server.store import study
from equipoise_server.store.queries.trial import TrialFacts
from equipoise_server.web.shared.words import Words

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One computed result. Numbers are as printed, "" where there is none."""

    estimand: str
    title: str
    population: str
    about: str
    main: bool
    method: str
    estimate: str
    interval: str
    p_value: str
    n: str
    library: str
    difference: str


def folder() -> Path:
    """Where the instance keeps its results."""
    return Path(settings.EQUIPOISE_DIR) / "results"


def is_released(trial: TrialFacts | None) -> bool:
    """Whether the trial has been unblinded and its results are written."""
    unblinded = trial is not None and trial.unblinded_at is not None
    return unblinded and (folder() / "results.json").is_file()


def released(trial: TrialFacts | None, language: str) -> tuple[Row, ...]:
    """Every result, none before the trial is unblinded."""
    if not is_released(trial):
        return ()
    titles = {one.id: one.title.say(language) for one in study.active().protocol.estimands}
    return tuple(_row(one, titles) for one in _document().get("results", ()))


def _row(one: dict[str, Any], titles: dict[str, str]) -> Row:
    second = one.get("independent") or {}
    low, high = number(one.get("ci_low")), number(one.get("ci_high"))
    return Row(
        estimand=str(one.get("estimand", "")),
        title=titles.get(str(one.get("estimand")), ""),
        population=str(one.get("population", "")),
        about=str(one.get("contrast") or one.get("arm") or ""),
        main=one.get("role", "main") == "main",
        method=_measure(str(one.get("measure") or one.get("method", ""))),
        estimate=number(one.get("estimate")),
        interval=f"{low} – {high}" if low and high else "",
        p_value=p_text(one.get("p_value")),
        n=number(one.get("n")),
        library=str(second.get("library", "")),
        difference=_tiny(second.get("difference")),
    )


_MEASURES: dict[str, Words] = {
    "adjusted mean difference": _("adjusted mean difference"),
    "common odds ratio of a higher score": _("common odds ratio of a higher score"),
    "cumulative incidence of death": _("cumulative incidence of death"),
    "cumulative incidence, death competing": _("cumulative incidence, death competing"),
    "difference in cumulative incidence, death competing": _(
        "difference in cumulative incidence, death competing"
    ),
    "difference in restricted mean time, days": _("difference in restricted mean time, days"),
    "net benefit": _("net benefit"),
    "probability of a higher value": _("probability of a higher value"),
    "rate ratio": _("rate ratio"),
    "rate ratio (one step, log-rank)": _("rate ratio (one step, log-rank)"),
    "risk difference": _("risk difference"),
    "risk difference across strata": _("risk difference across strata"),
    "share with the event": _("share with the event"),
    "win odds": _("win odds"),
    "win ratio": _("win ratio"),
}
"""Measures as the analysis names them; one that is not here is shown as it stands."""


def _measure(written: str) -> str:
    """A measure in the reader's language, with its day where it has one."""
    name, _comma, day = written.partition(", day ")
    words = _MEASURES.get(name)
    if words is None:
        return written
    return str(words) if not day else f"{words}, {_('day %(day)s') % {'day': day}}"


def number(value: object) -> str:
    """A number to three significant decimals."""
    if not isinstance(value, int | float):
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def p_text(value: object) -> str:
    """A p-value as journals print it."""
    if not isinstance(value, int | float):
        return ""
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def _tiny(value: object) -> str:
    return f"{value:.1e}" if isinstance(value, int | float) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFlow:
    """What became of one arm. Numbers by the words of `FLOW`, in that order."""

    title: str
    numbers: tuple[int, ...]


FLOW: dict[str, Words] = {
    "allocated": _("Randomised"),
    "received_any": _("Received at least one dose"),
    "received_all": _("Completed the course"),
    "completed": _("Completed the study"),
    "died": _("Died"),
    "withdrew": _("Withdrawn"),
    "lost": _("Lost to follow-up"),
}


def flow_by_arm(trial: TrialFacts | None, language: str) -> tuple[ArmFlow, ...]:
    """The flow of participants by arm, none before the trial is unblinded."""
    if not is_released(trial):
        return ()
    titles = {one.id: one.title.say(language) for one in study.active().protocol.arms}
    arms = (_document().get("flow") or {}).get("arms") or ()
    return tuple(
        ArmFlow(
            title=titles.get(one.get("arm"), str(one.get("arm"))),
            numbers=tuple(int(one.get(name, 0)) for name in FLOW),
        )
        for one in arms
    )


def draft(trial: TrialFacts | None, languages: Iterable[str]) -> dict[str, str]:
    """A draft of the plain summary by language; {} before the trial is unblinded."""
    if not is_released(trial):
        return {}
    running, found = study.active(), _document()
    return {one: as_text(plain_summary(running, found, language=one)) for one in languages}


def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder() / "results.json").read_text(encoding="utf-8"))
    return found


def files() -> tuple[str, ...]:
    """Names of the files beside the report, figures first, as paths below the folder."""
    if not folder().is_dir():
        return ()
    found = [one for one in folder().rglob("*") if one.is_file() and one.suffix in KINDS]
    order = {".svg": 0, ".html": 1, ".pdf": 2, ".csv": 3, ".json": 4}
    found.sort(key=lambda one: (order[one.suffix], one.name))
    return tuple(one.relative_to(folder()).as_posix() for one in found)
