"""Double programming: the same quantity by another library, beside every confirmatory result.

Nothing here calls our own estimators, so that a shared mistake cannot agree with itself.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from equipoise.analysis.independent_pairs import win_ratio_by_pairs
from equipoise.errors import MissingExtra, NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Independent:
    """What the other library says. NaN where it has no such number."""

    library: str
    estimate: float
    p_value: float


def independent(method_name: str, /, **arguments: Any) -> Independent:
    """Compute what an estimator computes, with another library.

    Args:
        method_name: name of a function in `equipoise.analysis.estimators`, such as "cox".
        arguments: the arguments of that function, by name. `level` is taken and ignored.
            "aalen_johansen" needs one time in `at`, and `of`, the cause wanted.

    Returns:
        Library, estimate on the estimator's own scale, two-sided p-value.

    Raises:
        ValueError: no independent computation of that name.
        MissingExtra: the libraries are not installed.
        NotEstimable: the other library finds no answer either.

    """
    if method_name not in METHODS:
        raise ValueError(
            f"no independent computation of {method_name!r}; there are {', '.join(METHODS)}"
        )
    arguments.pop("level", None)
    try:
        return METHODS[method_name](**arguments)
    except (np.linalg.LinAlgError, ZeroDivisionError) as problem:
        raise NotEstimable(f"The independent {method_name}", str(problem)) from problem


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtra("report", "The independent computation of a result") from None


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _columns(arm: ArrayLike, covariates: ArrayLike | None) -> NDArray[np.float64]:
    columns = [_floats(arm)] if covariates is None else [_floats(arm), _floats(covariates)]
    return np.column_stack(columns)


def _normal_p(z: float) -> float:
    return float(2 * stats.norm.sf(abs(z)))


def _logrank(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, strata: ArrayLike | None = None
) -> Independent:
    duration = _library("statsmodels.duration.api")
    time, event, arm = _floats(time), _floats(event), _floats(arm)
    labels = np.zeros(time.size) if strata is None else np.unique(strata, return_inverse=True)[1]
    # A stratum with one arm adds nothing to the test, and survdiff cannot take it.
    both = [s for s in np.unique(labels) if np.unique(arm[labels == s]).size == 2]
    keep = np.isin(labels, both)
    time, event, arm, labels = time[keep], event[keep], arm[keep], labels[keep]
    chi2 = float(duration.survdiff(time, event, arm, strata=labels)[0])
    # O - E is the slope of the partial likelihood at no effect.
    model = duration.PHReg(time, arm[:, None], status=event, strata=labels, ties="breslow")
    difference = float(model.score(np.zeros(1))[0])
    estimate = chi2 / difference if difference else 0.0
    return Independent(
        library="statsmodels", estimate=estimate, p_value=float(stats.chi2.sf(chi2, 1))
    )


def _cox(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: str = "efron",
) -> Independent:
    if ties == "breslow":
        return _cox_breslow(time, event, arm, covariates, strata)
    pandas, lifelines = _library("pandas"), _library("lifelines")
    x = _columns(arm, covariates)
    names = [f"x{k}" for k in range(x.shape[1])]
    frame = pandas.DataFrame(x, columns=names).assign(time=_floats(time), event=_floats(event))
    if strata is not None:
        frame["stratum"] = np.unique(strata, return_inverse=True)[1]
    exceptions = _library("lifelines.exceptions")
    fitter = lifelines.CoxPHFitter()
    try:
        fitter.fit(
            frame,
            "time",
            "event",
            strata=None if strata is None else ["stratum"],
            fit_options={"precision": 1e-14, "r_precision": 1e-16, "max_steps": 200},
        )
    except exceptions.ConvergenceError as problem:
        raise NotEstimable("The independent hazard ratio", "the fit did not converge") from problem
    row = fitter.summary.loc["x0"]
    return Independent(library="lifelines", estimate=float(row["coef"]), p_value=float(row["p"]))


def _cox_breslow(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike | None,
    strata: ArrayLike | None,
) -> Independent:
    duration = _library("statsmodels.duration.api")
    labels = None if strata is None else np.unique(strata, return_inverse=True)[1]
    model = duration.PHReg(
        _floats(time),
        _columns(arm, covariates),
        status=_floats(event),
        strata=labels,
        ties="breslow",
    )
    fit = model.fit(method="newton", tol=1e-12, disp=0)
    return Independent(
        library="statsmodels", estimate=float(fit.params[0]), p_value=_normal_p(fit.tvalues[0])
    )


def _rmst(time: ArrayLike, event: ArrayLike, arm: ArrayLike, horizon: float) -> Independent:
    """Estimate by lifelines; variance as the double integral of the curve's covariance."""
    time, event, side = _floats(time), _floats(event), _floats(arm) == 1
    parts = [_restricted(time[mask], event[mask], horizon) for mask in (side, ~side)]
    value = parts[0][0] - parts[1][0]
    z = value / math.sqrt(parts[0][1] + parts[1][1])
    return Independent(library="lifelines", estimate=value, p_value=_normal_p(z))


def _restricted(time: Any, event: Any, horizon: float) -> tuple[float, float]:
    lifelines, tools = _library("lifelines"), _library("lifelines.utils")
    survfunc = _library("statsmodels.duration.api").SurvfuncRight(time, event)
    fitter = lifelines.KaplanMeierFitter().fit(time, event)
    mean = float(tools.restricted_mean_survival_time(fitter, t=horizon))
    inside = survfunc.surv_times < horizon
    share, se = survfunc.surv_prob[inside], np.nan_to_num(survfunc.surv_prob_se[inside])
    widths = np.diff(np.append(survfunc.surv_times[inside], horizon))
    relative = np.divide(se, share, out=np.zeros_like(se), where=share > 0) ** 2
    # Covariance of S(s) and S(t) is S(s) S(t) times the relative variance at the earlier time.
    earlier = np.minimum(*np.indices((share.size, share.size)))
    area = share * widths
    return mean, float(area @ relative[earlier] @ area)


def _proportional_odds(
    score: ArrayLike, arm: ArrayLike, covariates: ArrayLike | None = None
) -> Independent:
    module = _library("statsmodels.miscmodels.ordinal_model")
    x = _columns(arm, covariates)
    codes = np.unique(_floats(score), return_inverse=True)[1]
    model = module.OrderedModel(codes, x, distr="logit")
    with warnings.catch_warnings():
        # The gradient asked for lies near rounding; short of it the fit warns, and is as good.
        warnings.simplefilter("ignore")
        fit = model.fit(method="bfgs", gtol=1e-9, maxiter=2000, disp=0)
    return Independent(
        library="statsmodels", estimate=float(fit.params[0]), p_value=_normal_p(fit.tvalues[0])
    )


def _wilcoxon(score: ArrayLike, arm: ArrayLike, strata: ArrayLike | None = None) -> Independent:
    score, side = _floats(score), _floats(arm) == 1
    if strata is None:
        result = stats.mannwhitneyu(
            score[side], score[~side], use_continuity=False, method="asymptotic"
        )
        index = float(result.statistic) / float(side.sum() * (~side).sum())
        return Independent(library="scipy", estimate=index, p_value=float(result.pvalue))
    return _van_elteren(score, side, np.unique(strata, return_inverse=True)[1])


def _van_elteren(score: Any, side: Any, labels: Any) -> Independent:
    """From SciPy's ranks, with the permutation variance of a rank sum."""
    excess = variance = weights = 0.0
    for label in np.unique(labels):
        ours, theirs = score[side & (labels == label)], score[~side & (labels == label)]
        m, n = ours.size, theirs.size
        if m and n:
            ranks = stats.rankdata(np.concatenate([ours, theirs]))
            excess += (ranks[:m].sum() - m * (m + n + 1) / 2) / (m + n + 1)
            variance += m * n / (m + n) * ranks.var(ddof=1) / (m + n + 1) ** 2
            weights += m * n / (m + n + 1)
    index = 0.5 + excess / weights
    return Independent(
        library="scipy", estimate=float(index), p_value=_normal_p(excess / math.sqrt(variance))
    )


def _ancova(
    y: ArrayLike, arm: ArrayLike, covariates: ArrayLike | None = None, robust: str | None = None
) -> Independent:
    linear = _library("statsmodels.regression.linear_model")
    x = np.column_stack([np.ones(np.size(arm)), _columns(arm, covariates)])
    fit = linear.OLS(_floats(y), x).fit()
    if robust is not None:
        fit = fit.get_robustcov_results(cov_type=robust.upper(), use_t=True)
    return Independent(
        library="statsmodels", estimate=float(fit.params[1]), p_value=float(fit.pvalues[1])
    )


def _risk_difference(event: ArrayLike, arm: ArrayLike, method: str = "newcombe") -> Independent:
    proportion = _library("statsmodels.stats.proportion")
    event, side = _floats(event), _floats(arm) == 1
    counts = (event[side].sum(), side.sum(), event[~side].sum(), (~side).sum())
    estimate = float(counts[0] / counts[1] - counts[2] / counts[3])
    if event.all() or not event.any():
        return Independent(library="statsmodels", estimate=estimate, p_value=1.0)
    if method == "newcombe":
        pair = [counts[0], counts[2]], [counts[1], counts[3]]
        p_value = float(proportion.proportions_ztest(*pair)[1])
    else:
        name = {"wald": "wald", "miettinen-nurminen": "score"}[method]
        test = proportion.test_proportions_2indep(*counts, method=name, correction=True)
        p_value = float(test.pvalue)
    return Independent(library="statsmodels", estimate=estimate, p_value=p_value)


def _mantel_haenszel(
    event: ArrayLike, arm: ArrayLike, strata: ArrayLike | None = None
) -> Independent:
    """Estimate as the arm's slope among stratum intercepts; Sato's variance in exact fractions."""
    linear = _library("statsmodels.regression.linear_model")
    event, side = _floats(event), _floats(arm)
    labels = np.zeros(event.size) if strata is None else np.unique(strata, return_inverse=True)[1]
    x = np.column_stack([side, labels[:, None] == np.unique(labels)])
    value = float(linear.OLS(event, x).fit().params[0])
    weight = left = right = Fraction(0)
    for s in np.unique(labels):
        ours, theirs = event[(labels == s) & (side == 1)], event[(labels == s) & (side == 0)]
        m, n = Fraction(ours.size), Fraction(theirs.size)
        a, c = Fraction(int(ours.sum())), Fraction(int(theirs.sum()))
        weight += m * n / (m + n)
        left += (m * m * c - n * n * a + m * n * (n - m) / 2) / (m + n) ** 2
        right += (a * (n - c) + c * (m - a)) / (2 * (m + n))
    variance = (Fraction(value) * left + right) / weight**2
    return Independent(
        library="statsmodels and exact fractions",
        estimate=value,
        p_value=_normal_p(value / math.sqrt(variance)),
    )


def _aalen_johansen(time: ArrayLike, cause: ArrayLike, at: ArrayLike, of: int = 1) -> Independent:
    duration = _library("statsmodels.duration.api")
    causes = np.asarray(cause).astype(np.int64)
    curve = duration.CumIncidenceRight(_floats(time), causes)
    # The library prepends no 0, and numbers the causes from 1 in steps of 1.
    before = np.searchsorted(curve.times, float(np.asarray(at).reshape(())), side="right")
    value = float(curve.cinc[of - 1][before - 1]) if before else 0.0
    return Independent(library="statsmodels", estimate=value, p_value=math.nan)


def _exact(
    events: int, n: int, method: str = "clopper-pearson", null: float | None = None
) -> Independent:
    test = stats.binomtest(int(events), int(n), 0.5 if null is None else null)
    return Independent(
        library="scipy",
        estimate=float(test.statistic),
        p_value=math.nan if null is None else float(test.pvalue),
    )


def _win_ratio(
    outcomes: Sequence[Any],
    arm: ArrayLike,
    strata: ArrayLike | None = None,
    measure: str = "ratio",
) -> Independent:
    """Every pair as a row of a pandas table, outcome by outcome."""
    estimate, p_value = win_ratio_by_pairs(_library("pandas"), outcomes, arm, strata, measure)
    return Independent(library="pandas", estimate=estimate, p_value=p_value)


METHODS: dict[str, Callable[..., Independent]] = {
    "logrank": _logrank,
    "cox": _cox,
    "rmst": _rmst,
    "proportional_odds": _proportional_odds,
    "wilcoxon": _wilcoxon,
    "win_ratio": _win_ratio,
    "ancova": _ancova,
    "risk_difference": _risk_difference,
    "mantel_haenszel": _mantel_haenszel,
    "aalen_johansen": _aalen_johansen,
    "exact": _exact,
}
