"""The sentences of the report: what was found, how sure it is, and what it does not show."""

from __future__ import annotations

from equipoise.analysis.dataset import Taken
from equipoise.analysis.final_look import Standing
from equipoise.analysis.report.contents import Results
from equipoise.analysis.result import Result
from equipoise.analysis.summaries import digits, spanned
from equipoise.errors import listed, say

NO_INTERIM = "No interim analysis was run."
NOT_DONE = (
    "No multiple imputation: values are analysed as observed, with a status carried forward for "
    "at most 7 days; what is missing is counted beside every result.",
    "No delta-adjusted or tipping-point analysis of missing values.",
    "No formal test of proportional hazards or proportional odds; the restricted mean and the "
    "rank tests beside them do not need either.",
    "No tests of interaction in subgroups.",
    "Major deviations were not adjudicated by a committee.",
)

_MINUS = "−"


def not_done(found: Results) -> tuple[str, ...]:
    """What a reader might expect and does not find."""
    return NOT_DONE if found.looks else (NO_INTERIM, *NOT_DONE)


def interim_words(found: Results) -> str:
    """Whether an interim was planned, which looks were taken, and what is left for the last tests."""
    protocol = found.trial.protocol
    plan = protocol.analysis.interim
    if plan is None:
        return "No interim analysis was planned, and none was run."
    looks = listed(f"{100 * one:g} %" for one in plan.information[:-1])
    begun = say("An interim analysis was planned at {looks} of the information.", looks=looks)
    if found.looks is None:
        none = "None was run, so the final tests use the whole alpha of {alpha}."
        return listed([begun, say(none, alpha=f"{protocol.analysis.alpha:g}")], " ")
    taken = [_look_words(found, one) for one in found.looks.taken]
    return listed([begun, *taken, *_level_words(found, found.looks)], " ")


_BOARD = {
    "": "no decision of the board is recorded",
    "continue": "the board decided to go on",
    "efficacy": "the board stopped the trial for efficacy",
    "futility": "the board stopped the trial for futility",
    "safety": "the board stopped the trial for safety",
}


def _look_words(found: Results, one: Taken) -> str:
    """One look that was taken: `z 1.203 against a boundary of 2.963`."""
    several = len(found.trial.contrasts) > 1
    statistics = listed(
        say("{arms}: {z}", arms=found.labels.contrast(name), z=_z_words(z))
        if several
        else _z_words(z)
        for name, z in one.z.items()
    )
    return say(
        "Look {look} was taken at {percent} % ({information} of {planned}): {statistics}, against "
        "a boundary of {boundary}; {decision}.",
        look=one.look,
        percent=f"{100 * one.fraction:.1f}",
        information=f"{one.information:g}",
        planned=f"{one.planned:.1f}",
        statistics=statistics,
        boundary=f"{one.boundary_z:.3f}",
        decision=_BOARD[one.decision],
    )


def _z_words(z: float | None) -> str:
    return "not estimable" if z is None else f"z {z:.3f}".replace("-", _MINUS)


def _level_words(found: Results, looks: Standing) -> tuple[str, str]:
    level = say(
        "z {z} ({side} {level})",
        z=f"{looks.boundary_z:.3f}",
        side="two-sided" if found.trial.protocol.analysis.sides == 2 else "one-sided",
        level=f"{looks.level:.4g}",
    )
    if looks.stopped is not None:
        words = say(
            "{estimand} is judged at look {look}, and the sequence is tested at its boundary, "
            "{level}.",
            estimand=looks.estimand,
            look=looks.stopped.look,
            level=level,
        )
    else:
        words = say(
            "The last analysis has {information} ({percent} %); by the looks that were taken the "
            "sequence is tested at {level}.",
            information=f"{looks.information:g}",
            percent=f"{100 * looks.fraction:.1f}",
            level=level,
        )
    return words, "Intervals are not adjusted for the looks."


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
        return say("not estimated: {why}", why=row.problem)
    value = number_words(row, row.estimate)
    if row.ci_low is None:
        return value
    return spanned(value, number_words(row, row.ci_low), number_words(row, row.ci_high))


def plain_result(found: Results, *, demo: bool) -> tuple[str, ...]:
    """Three sentences; a fourth where the data are simulated."""
    protocol = found.trial.protocol
    primary = next((one for one in protocol.estimands if one.level == "primary"), None)
    if primary is None:
        return ("The protocol names no primary estimand.",)
    rows = found.of(primary.id, role="main")
    sentences = [
        listed((_found(found, one) for one in rows), " "),
        listed((_uncertainty(found, one) for one in rows), " "),
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
    arms = listed(
        (
            say("{arm} {summary}", arm=labels.arm(one.arm), summary=one.summary)
            for one in row.groups
        ),
        "; ",
    )
    title = estimand.title.say(labels.language)
    if row.estimate is None:
        none = "{title}: {arms}. No comparison could be made: {why}."
        return say(none, title=title, arms=arms, why=row.problem)
    value = number_words(row, row.estimate)
    return say(
        "{title}: {arms}. The {measure} was {value} (95 % CI {low} to {high}; p {p}), {side}.",
        title=title,
        arms=arms,
        measure=row.measure,
        value=listed([value, *([unit_words(row)] if unit_words(row) else [])], " "),
        low=number_words(row, row.ci_low),
        high=number_words(row, row.ci_high),
        p=_equals(row.p_value),
        side=_side(found, row),
    )


def _equals(value: float | None) -> str:
    words = p_words(value)
    return words if words.startswith("<") else f"= {words}"


def _side(found: Results, row: Result) -> str:
    if row.favours in (None, "neither") or row.contrast is None:
        return "on the side of neither arm"
    experimental, control = row.contrast.split(" - ")
    arm = experimental if row.favours == "experimental" else control
    words = "on the side of {arm}" if spans_null(row) else "in favour of {arm}"
    return say(words, arm=found.labels.arm(arm))


def spans_null(row: Result) -> bool:
    """Whether the interval holds the value of no difference."""
    if row.ci_low is None or row.ci_high is None or row.null is None:
        return True
    return row.ci_low <= row.null <= row.ci_high


def named_contrasts(found: Results, words: str) -> str:
    """Words in the language of the report, the names of contrasts as people read them."""
    words = found.labels.words(words)
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
    words = say(
        "Values from {low} to {high} are compatible with these data: {fits}.",
        low=number_words(row, row.ci_low),
        high=number_words(row, row.ci_high),
        fits=fits,
    )
    return listed([words, *([] if step is None else [named_contrasts(found, step.reason)])], " ")


def _limits(found: Results) -> str:
    after, who = [one for one in found.decisions if not one.confirmatory], found.labels.contrast
    several = len(found.trial.contrasts) > 1
    names = [
        say("{estimand} ({contrast})", estimand=one.estimand, contrast=who(one.contrast))
        if several
        else one.estimand
        for one in after
    ]
    treated = max((one.n for one in found.trial.sets.values() if one.treated_only), default=0)
    rare = "{limit}; in {n} treated participants rare harms can be missed."
    limit: str = "It does not show effects beyond the follow-up of the protocol"
    if names:
        limit = say(
            "It does not settle {names}, which come after the end of the confirmatory sequence "
            "and are exploratory",
            names=listed(names),
        )
    return say(rare, limit=limit, n=treated) if treated else say("{limit}.", limit=limit)
