"""When and where simulated participants arrive.

Site j opens on day j * stagger and then sees a Poisson stream whose monthly rate is drawn
from a gamma distribution with the scenario's mean and coefficient of variation; the wave
multiplies all rates by month since the trial opened, its last entry holding on. All sites
together are one Poisson stream with a piecewise linear cumulative intensity: spacings of
that stream are exponential, so arrivals need no sort, and each arrival's site follows from
the rates open on that day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from equipoise.errors import ScenarioError
from equipoise.protocol.scenario import Accrual
from equipoise.rehearsal.streams import Stream, key, trial_keys, uniform_table

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MONTH = 365.25 / 12  # days
AT_ONCE = 1_000_000  # participants times sites worked on together
SLOWEST = 0.02  # of the mean rate: a site that never recruits would stretch the trial for ever


def arrivals(
    accrual: Accrual, n: int, *, seed: int, scenario: str, trial: int
) -> tuple[IntArray, FloatArray]:
    """Sites and days of the first `n` arrivals of one trial.

    Returns:
        site, shape (n,); days since the trial opened, shape (n,), ascending.

    Raises:
        ScenarioError: no site, or a rate that is not positive.

    """
    rates = _rates(accrual, Stream(seed, scenario, "rates", trial).take(max(accrual.sites, 1)))
    load = np.cumsum(-np.log1p(-Stream(seed, scenario, "arrivals", trial).take(n)))
    breaks = _breaks(accrual, float(load[-1]), float(rates.sum()))
    days = np.interp(load, _intensity(accrual, rates[None, :], breaks)[0], breaks)
    return _sites(accrual, rates, days, Stream(seed, scenario, "site", trial).take(n)), days


def arrival_days(
    accrual: Accrual, n: int, *, seed: int, scenario: str, first: int, trials: int
) -> FloatArray:
    """Days on which participants arrive, shape (trials, n), ascending; as `arrivals` gives them.

    Raises:
        ScenarioError: no site, or a rate that is not positive.

    """
    rate_keys = trial_keys(key(seed, scenario, "rates"), first, trials)
    load_keys = trial_keys(key(seed, scenario, "arrivals"), first, trials)
    rates = _rates(accrual, uniform_table(rate_keys, max(accrual.sites, 1)))
    load = np.cumsum(-np.log1p(-uniform_table(load_keys, n)), axis=1)
    breaks = _breaks(accrual, float(load[:, -1].max()), float(rates.sum(axis=1).min()))
    passed = _intensity(accrual, rates, breaks)
    return np.array([np.interp(load[t], passed[t], breaks) for t in range(trials)])


def arrival_sites(
    accrual: Accrual, n: int, *, seed: int, scenario: str, first: int, trials: int
) -> IntArray:
    """Sites at which participants arrive, shape (trials, n); as `arrivals` gives them.

    Raises:
        ScenarioError: no site, or a rate that is not positive.

    """
    some = max(1, AT_ONCE // (n * max(accrual.sites, 1)))
    found = np.empty((trials, n), dtype=np.int64)
    for begin in range(0, trials, some):
        count = min(some, trials - begin)
        found[begin : begin + count] = _placed(accrual, n, seed, scenario, first + begin, count)
    return found


def _placed(
    accrual: Accrual, n: int, seed: int, scenario: str, first: int, trials: int
) -> IntArray:
    """`arrival_sites` of a few trials."""
    days = arrival_days(accrual, n, seed=seed, scenario=scenario, first=first, trials=trials)
    rate_keys = trial_keys(key(seed, scenario, "rates"), first, trials)
    site_keys = trial_keys(key(seed, scenario, "site"), first, trials)
    rates = _rates(accrual, uniform_table(rate_keys, max(accrual.sites, 1)))
    opened = _opening(accrual) <= days[:, :, None]
    reach = np.cumsum(np.where(opened, rates[:, None, :], 0.0), axis=2)
    target = uniform_table(site_keys, n) * reach[..., -1]
    return np.asarray((target[..., None] >= reach).sum(axis=2))


def _rates(accrual: Accrual, chances: FloatArray) -> FloatArray:
    """Arrivals a day of each site when open, the shape of `chances`."""
    if accrual.sites < 1 or accrual.rate_per_month <= 0:
        raise ScenarioError(
            "",
            "accrual needs at least one site and a positive rate per month. Correct `accrual:`.",
        )
    mean = accrual.rate_per_month / MONTH
    if accrual.rate_cv <= 0:
        return np.full(chances.shape, mean)
    shape = accrual.rate_cv**-2
    rates: FloatArray = np.maximum(gammaincinv(shape, chances) / shape, SLOWEST) * mean
    return rates


def _opening(accrual: Accrual) -> FloatArray:
    return np.arange(accrual.sites, dtype=np.float64) * accrual.stagger_days


def _wave(accrual: Accrual) -> FloatArray:
    levels = np.array([float(level) for level in accrual.wave.values()])
    if levels.size and (levels <= 0).any():
        raise ScenarioError("", "every level of `accrual: wave:` must be positive.")
    return levels if levels.size else np.ones(1)


def _breaks(accrual: Accrual, load: float, slowest: float) -> FloatArray:
    """Days at which the total rate changes, and one late enough to hold every arrival."""
    wave = _wave(accrual)
    opening = _opening(accrual)
    months = np.arange(wave.size) * MONTH
    end = max(opening[-1], months[-1]) + 1.01 * load / (slowest * wave[-1])
    result: FloatArray = np.unique(np.concatenate((opening, months, [end])))
    return result


def _intensity(accrual: Accrual, rates: FloatArray, breaks: FloatArray) -> FloatArray:
    """Cumulative expected arrivals at each break, shape (trials, breaks)."""
    wave = _wave(accrual)
    month = np.minimum((breaks[:-1] / MONTH + 1e-9).astype(int), wave.size - 1)
    open_then = _opening(accrual)[:, None] <= breaks[None, :-1]
    slope = (rates @ open_then) * wave[month]
    steps = np.cumsum(slope * np.diff(breaks), axis=1)
    return np.concatenate((np.zeros((rates.shape[0], 1)), steps), axis=1)


def _sites(accrual: Accrual, rates: FloatArray, days: FloatArray, chances: FloatArray) -> IntArray:
    """The site of each arrival: in proportion to the rates open on its day."""
    reach = np.cumsum(np.where(_opening(accrual)[None, :] <= days[:, None], rates, 0.0), axis=1)
    target = chances * reach[:, -1]
    result: IntArray = (target[:, None] >= reach).sum(axis=1)
    return result
