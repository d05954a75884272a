"""Estimators: one method per file, pure functions of arrays, each returning an `Estimate`.

`arm` is True for the experimental arm; contrasts are experimental minus control.
"""

from equipoise.analysis.estimators.aalen_johansen import (
    CumulativeIncidence,
    aalen_johansen,
    incidence_curve,
)
from equipoise.analysis.estimators.ancova import ancova
from equipoise.analysis.estimators.bang_james import Bang, bang, james
from equipoise.analysis.estimators.cox import cox, cox_fit
from equipoise.analysis.estimators.estimate import Estimate
from equipoise.analysis.estimators.exact import exact, exact_upper
from equipoise.analysis.estimators.kaplan_meier import SurvivalCurve, kaplan_meier
from equipoise.analysis.estimators.logrank import Score, logrank, logrank_score
from equipoise.analysis.estimators.mantel_haenszel import mantel_haenszel
from equipoise.analysis.estimators.proportional_odds import proportional_odds, proportional_odds_fit
from equipoise.analysis.estimators.risk_difference import risk_difference
from equipoise.analysis.estimators.rmst import rmst
from equipoise.analysis.estimators.wilcoxon import wilcoxon
from equipoise.analysis.estimators.win_ratio import Outcome, Wins, win_ratio, wins

__all__ = [
    "Bang",
    "CumulativeIncidence",
    "Estimate",
    "Outcome",
    "Score",
    "SurvivalCurve",
    "Wins",
    "aalen_johansen",
    "ancova",
    "bang",
    "cox",
    "cox_fit",
    "exact",
    "exact_upper",
    "incidence_curve",
    "james",
    "kaplan_meier",
    "logrank",
    "logrank_score",
    "mantel_haenszel",
    "proportional_odds",
    "proportional_odds_fit",
    "risk_difference",
    "rmst",
    "wilcoxon",
    "win_ratio",
    "wins",
]
