"""What a rehearsal assumes, with the origin and source that the study states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.scenario import OutcomeModel, Scenario
from equipoise.rehearsal.board import stops_trials
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
    wanted = {e.endpoint for e in study.protocol.estimands if e.id in found.estimands}
    for endpoint, model in scenario.outcomes.items():
        if endpoint in wanted:
            yield _line(endpoint, _outcome(model), model.origin or scenario.origin, model.source)
    yield _randomisation(study, scenario)
    yield _accrual(scenario)
    yield from _conduct(study, scenario)
    planned = study.protocol.planned
    yield _line("participants planned", str(planned.value), planned.origin, planned.source)
    plan = study.protocol.analysis
    words = f"{plan.alpha:g} over {plan.sides} sides; fixed sequence {', '.join(plan.sequence)}"
    yield _line("level", words, plan.origin, None)


def _line(what: str, assumed: str, origin: object, source: str | None) -> Line:
    return what, assumed, str(origin or ""), source or ""


TABLES = ("p", "shares", "scores", "mean", "hazards", "from_day", "by_state", "evaluable")


def _outcome(model: OutcomeModel) -> str:
    """What a scenario assumes of an endpoint that the course does not decide."""
    parts: list[str] = [model.kind]
    if model.kind == "normal":
        parts.append(f"SD {model.sd:g}, {model.per_doubling:g} per doubling of the effect")
    for name in TABLES:
        value = getattr(model, name)
        if value and not (name == "from_day" and len(value) == 1):
            parts.append(f"{name.replace('_', ' ')} {_table(value)}")
    if model.by_state:
        parts.append("goes with the daily course, through which the effect acts")
    return "; ".join(parts)


def _table(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_table(each)}" for key, each in value.items())
    if isinstance(value, tuple):
        return "/".join(_table(each) for each in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _randomisation(study: Study, scenario: Scenario) -> Line:
    plan = study.protocol.randomisation
    words = " ".join((plan.scheme, _table(dict(plan.parameters)))).strip()
    if plan.strata:
        words += f"; strata {', '.join(plan.strata)}"
    for factor, shares in scenario.factors.items():
        words += f"; {factor} {_table(shares)}"
    return _line("randomisation", words, plan.origin or study.protocol.origin, None)


def _accrual(scenario: Scenario) -> Line:
    accrual = scenario.accrual
    words = (
        f"{accrual.sites} sites, {accrual.stagger_days:g} days apart, {accrual.rate_per_month:g} a "
        f"month and site (CV {accrual.rate_cv:g})"
    )
    return _line("accrual", words, accrual.origin or scenario.origin, accrual.source)


def board_line(protocol: Protocol, scenario: Scenario) -> str:
    """What a rehearsal assumes that the safety board does when one of its rules speaks."""
    board, said = protocol.safety_board, scenario.conduct.board
    if board is None:
        return "the protocol has none"
    why = f"the protocol calls its rules {board.kind}"
    if said != "as-protocol":
        why += f"; assumed by `conduct: board: {said}` of scenario {scenario.id}"
    if not stops_trials(protocol, scenario):
        return f"A rule that speaks is advice: no simulated trial stops for it ({why})."
    return (
        "The first rule that speaks closes randomisation on that day, whether it says pause, "
        "review or stop, and it is not opened again; those randomised by then are followed to "
        f"the end and analysed once ({why})."
    )


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
    if study.protocol.safety_board is not None:
        origin = conduct.origin or scenario.origin
        if conduct.board == "as-protocol":
            origin = study.protocol.safety_board.origin or origin
        yield _line("safety board", board_line(study.protocol, scenario), origin, None)
