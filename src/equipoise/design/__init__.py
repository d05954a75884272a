"""Design of a trial: boundaries, sample size, power, adaptation, final inference.

Everything here is a pure function of its arguments. `DesignError` (in `equipoise.errors`)
says in a sentence which number is impossible and what to give instead.
"""

from equipoise.design.combination import (
    Combination,
    FisherStages,
    fisher_combination,
    fisher_stages,
    inverse_normal,
)
from equipoise.design.conditional_power import conditional_power, predictive_power
from equipoise.design.final_inference import FinalInference, final_inference
from equipoise.design.group_sequential import Boundaries, boundaries
from equipoise.design.operating import Crossing, crossing, drift_for, expected_information
from equipoise.design.promising_zone import PromisingZone, promising_zone
from equipoise.design.reestimation import blinded_rates, blinded_sd, reestimate
from equipoise.design.sample_size import SampleSize, power, sample_size

__all__ = [
    "Boundaries",
    "Combination",
    "Crossing",
    "FinalInference",
    "FisherStages",
    "PromisingZone",
    "SampleSize",
    "blinded_rates",
    "blinded_sd",
    "boundaries",
    "conditional_power",
    "crossing",
    "drift_for",
    "expected_information",
    "final_inference",
    "fisher_combination",
    "fisher_stages",
    "inverse_normal",
    "power",
    "predictive_power",
    "promising_zone",
    "reestimate",
    "sample_size",
]
