"""The sentences of the report: what was found, how sure it is, and what it does not show."""

from __future__ import annotations

from equipoise.analysis.report.contents import Results
from equipoise.analysis.result import Result
from equipoise.analysis.summaries import digits
from equipoise.protocol.model import Protocol

NOT_DONE = (
    "No interim analysis was run.",
    "No multiple imputation: values are analysed as observed, with a status carried forward for "
    "at most 7 days; what is missing is counted beside every result.",
    "No delta-adjusted or tipping-point analysis of missing values.",
    "No formal test of proportional hazards or proportional odds; the restricted mean and the "
    "rank tests beside them do not need either.",
    "No tests of interaction in subgroups.",
    "Major deviations were not adjudicated by a committee.",
)

_MINUS = "−"


def interim_words(protocol: Protocol) -> str:
    """Whether an interim was planned, and that none was run."""
    plan = protocol.analysis.interim
    if plan is None:
        return "No interim analysis was planned, and none was run."
    looks = ", ".join(f"{100 * one:g} %" for one in plan.information[:-1])
    return (
        f"An interim analysis was planned at {looks} of the information. None was run, so the "
        f"final tests use the whole alpha of {protocol.analysis.alpha:g}."
    )


def p_words(value: float | None) -> str:
    """A p-value as journals print it."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number_words(row: Result, value: float | None) -> str:
    """One number on the scale of its row."""
    if value is None:
        return "–"
    if row.scale == "share" or (row.scale == "difference" and _is_risk(row)):
        return f"{round(100 * value, 1) + 0.0:.1f}".replace("-", _MINUS)
    if row.scale in {"ratio", "index"}:
        return f"{value:.2f}"
    return digits(value).replace("-", _MINUS)


def _is_risk(row: Result) -> bool:
    return row.method in {"risk_difference", "mantel_haenszel", "aalen_johansen"}


def unit_words(row: Result) -> str:
    """What the number is counted in, where it is not plain."""
    if row.scale == "share":
        return "%"
    return "percentage points" if row.scale == "difference" and _is_risk(row) else ""


def interval_words(row: Result) -> str:
    """`1.52 (1.14 to 2.02)`, or why there is no number."""
    if row.estimate is None:
        return f"not estimated: {row.problem}"
    value = number_words(row, row.estimate)
    if row.ci_low is None:
        return value
    low, high = number_words(row, row.ci_low), number_words(row, row.ci_high)
    return f"{value} ({low} to {high})"


def plain_result(found: Results, *, demo: bool) -> tuple[str, ...]:
    """Three sentences; a fourth where the data are simulated."""
    protocol = found.trial.protocol
    primary = next((one for one in protocol.estimands if one.level == "primary"), None)
    if primary is None:
        return ("The protocol names no primary estimand.",)
    rows = found.of(primary.id, role="main")
    sentences = [
        " ".join(_found(found, one) for one in rows),
        " ".join(_uncertainty(found, one) for one in rows),
        _limits(found),
    ]
    if demo:
        sentences.append(
            "All participants are simulated: nothing here says anything about the real product."
        )
    return tuple(sentences)


def _found(found: Results, row: Result) -> str:
    labels = found.labels
    estimand = next(one for one in found.trial.protocol.estimands if one.id == row.estimand)
    arms = "; ".join(f"{labels.arm(one.arm)} {one.summary}" for one in row.groups)
    title = estimand.title.say(labels.language)
    if row.estimate is None:
        return f"{title}: {arms}. No comparison could be made: {row.problem}."
    unit = f" {unit_words(row)}" if unit_words(row) else ""
    interval = f"95 % CI {number_words(row, row.ci_low)} to {number_words(row, row.ci_high)}"
    return (
        f"{title}: {arms}. The {row.measure} was {number_words(row, row.estimate)}{unit} "
        f"({interval}; p {_equals(row.p_value)}), {_side(found, row)}."
    )


def _equals(value: float | None) -> str:
    words = p_words(value)
    return words if words.startswith("<") else f"= {words}"


def _side(found: Results, row: Result) -> str:
    if row.favours in (None, "neither") or row.contrast is None:
        return "on the side of neither arm"
    experimental, control = row.contrast.split(" - ")
    arm = experimental if row.favours == "experimental" else control
    words = "on the side of" if spans_null(row) else "in favour of"
    return f"{words} {found.labels.arm(arm)}"


def spans_null(row: Result) -> bool:
    """Whether the interval holds the value of no difference."""
    if row.ci_low is None or row.ci_high is None or row.null is None:
        return True
    return row.ci_low <= row.null <= row.ci_high


def named_contrasts(found: Results, words: str) -> str:
    """Words with the names of contrasts as people read them."""
    for one in found.trial.contrasts:
        words = words.replace(one.name, found.labels.contrast(one.name))
    return words


def _uncertainty(found: Results, row: Result) -> str:
    step = next(
        (
            one
            for one in found.decisions
            if (one.estimand, one.contrast) == (row.estimand, row.contrast)
        ),
        None,
    )
    if row.ci_low is None or row.ci_high is None or row.null is None:
        return "How uncertain this is could not be estimated."
    both = "no difference as well as a difference in either direction"
    fits = both if spans_null(row) else "a difference in one direction only, of uncertain size"
    tail = "" if step is None else f" {named_contrasts(found, step.reason)}"
    low, high = number_words(row, row.ci_low), number_words(row, row.ci_high)
    return f"Values from {low} to {high} are compatible with these data: {fits}.{tail}"


def _limits(found: Results) -> str:
    after = [one for one in found.decisions if not one.confirmatory]
    several = len(found.trial.contrasts) > 1
    names = [
        f"{one.estimand} ({found.labels.contrast(one.contrast)})" if several else one.estimand
        for one in after
    ]
    treated = max((one.n for one in found.trial.sets.values() if one.treated_only), default=0)
    rare = f"; in {treated} treated participants rare harms can be missed" if treated else ""
    if names:
        return (
            f"It does not settle {', '.join(names)}, which come after the end of the "
            f"confirmatory sequence and are exploratory{rare}."
        )
    return f"It does not show effects beyond the follow-up of the protocol{rare}."
