"""Adverse events judged by the protocol's rules, reporting clocks, and the safety board."""

from equipoise.safety.clocks import Deadline, Standing, deadlines, standing
from equipoise.safety.events import Judged, judge, reportable
from equipoise.safety.mortality import Mortality, mortality
from equipoise.safety.special import Special, needs, special
from equipoise.safety.stopping import (
    Pooled,
    TriggerCount,
    closed_levels,
    reviews_due,
    triggers,
)

__all__ = [
    "Deadline",
    "Judged",
    "Mortality",
    "Pooled",
    "Special",
    "Standing",
    "TriggerCount",
    "closed_levels",
    "deadlines",
    "judge",
    "mortality",
    "needs",
    "reportable",
    "reviews_due",
    "special",
    "standing",
    "triggers",
]
