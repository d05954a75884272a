"""Randomisation: pure steps, their sequences, their balance, and the test that replays them."""

from equipoise.randomisation.balancing import Balance, balance
from equipoise.randomisation.catalogue import SCHEMES, scheme
from equipoise.randomisation.draws import Label, draw, rehearsal_generator, uniforms
from equipoise.randomisation.ratio import imbalance
from equipoise.randomisation.rerandomisation import Rerandomisation, rerandomisation_test
from equipoise.randomisation.sequencing import allocations, sequence, sequences
from equipoise.randomisation.shape import Branch, Covariates, Scheme, State, restored

__all__ = [
    "SCHEMES",
    "Balance",
    "Branch",
    "Covariates",
    "Label",
    "Rerandomisation",
    "Scheme",
    "State",
    "allocations",
    "balance",
    "draw",
    "imbalance",
    "rehearsal_generator",
    "rerandomisation_test",
    "restored",
    "scheme",
    "sequence",
    "sequences",
    "uniforms",
]
