"""What a rehearsal assumes, with the origin and source that the study states."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.model import Study
from equipoise.protocol.scenario import Scenario
from equipoise.rehearsal.grid import Sweep

Line = tuple[str, str, str, str]

GOES_WRONG = (
    ("withdrawal", "withdraw"),
    ("lost", "lost to follow-up"),
    ("relapse", "relapse after recovery"),
    ("site_sd", "spread of the sites (SD of a day's chance)"),
)


def assumptions(study: Study, found: Sweep) -> Iterator[Line]:
    """One line each: what, assumed, origin, source."""
    scenario = study.scenarios[found.scenario]
    title = scenario.description.get("en") or next(iter(scenario.description.values()))
    yield _line("scenario", title, scenario.origin, scenario.source)
    shares = ", ".join(f"{level} {share:.0%}" for level, share in scenario.strata.items())
    yield _line("strata", shares, scenario.origin, None)
    if scenario.course is not None:
        course = scenario.course
        words = (
            f"daily chain of {len(course.states)} states over {course.days} days; odds of "
            f"worsening decay by exp(-{course.decay:g}) a day; effect on days 1 to "
            f"{course.effect_days}"
        )
        yield _line("course", words, course.origin or scenario.origin, course.source)
    for endpoint, model in scenario.outcomes.items():
        yield _line(endpoint, model.kind, model.origin or scenario.origin, model.source)
    yield _accrual(scenario)
    yield from _conduct(study, scenario)
    planned = study.protocol.planned
    yield _line("participants planned", str(planned.value), planned.origin, planned.source)
    plan = study.protocol.analysis
    yield _line("level", f"{plan.alpha:g} over {plan.sides} sides", plan.origin, None)


def _line(what: str, assumed: str, origin: object, source: str | None) -> Line:
    return what, assumed, str(origin or ""), source or ""


def _accrual(scenario: Scenario) -> Line:
    accrual = scenario.accrual
    words = (
        f"{accrual.sites} sites, {accrual.stagger_days:g} days apart, {accrual.rate_per_month:g} a "
        f"month and site (CV {accrual.rate_cv:g})"
    )
    return _line("accrual", words, accrual.origin or scenario.origin, accrual.source)


def _conduct(study: Study, scenario: Scenario) -> Iterator[Line]:
    conduct = scenario.conduct
    said = [f"{words} {getattr(conduct, name):g}" for name, words in GOES_WRONG]
    wrong = [one for one, (name, _) in zip(said, GOES_WRONG, strict=True) if getattr(conduct, name)]
    assumed = ", ".join(wrong) or "nothing goes wrong"
    yield _line("conduct", assumed, conduct.origin or scenario.origin, conduct.source)
    if conduct.interim and study.protocol.analysis.interim is not None:
        plan = study.protocol.analysis.interim
        looks = ", ".join(f"{f:g}" for f in plan.information)
        words = f"looks at {looks} of participants past day {plan.minimum_day}, {plan.spending}"
        yield _line("interim", words, plan.origin or scenario.origin, None)
