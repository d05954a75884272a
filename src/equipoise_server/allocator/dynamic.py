"""Schemes that look at who came before: the state they have reached, kept in the process.

The state follows from the sealed draws and the sealed arms, in order. It is kept with the
place and the participant that it ends at; before each draw the vault must still say that
this participant holds this place, otherwise everything is replayed from the start. Places
that another process has given since are replayed on top. `verify` replays all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.errors import IntegrityError
from equipoise.randomisation import scheme
from equipoise.randomisation.shape import Scheme, State
from equipoise_server.allocator import places
from equipoise_server.allocator.ceremony import slot_name
from equipoise_server.allocator.lists import WHOLE_STUDY, Configuration
from equipoise_server.vault.seal import open_seal


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reached:
    """The state after the place that `participant` holds. At place 0: nobody yet."""

    place: int
    participant: str
    state: State


Which = tuple[str, ...]
_kept: dict[Which, Reached] = {}


def rule_of(configuration: Configuration) -> Scheme:
    """The scheme that a configuration names."""
    found: Scheme = scheme(configuration["scheme"], **configuration["parameters"])
    return found


def draw(
    which: Which,
    configuration: Configuration,
    u: float,
    covariates: Mapping[str, str],
    *,
    place: int,
    participant: str,
) -> tuple[str, Reached]:
    """The arm of the next participant, and the state to keep once that is committed.

    `which` names vault and configuration. Call with the list held.

    Raises:
        IntegrityError: the allocations do not follow from the sealed draws.

    """
    rule = rule_of(configuration)
    before = _now(which, configuration, rule)
    if before.place != place - 1:
        raise IntegrityError(
            "A place of the randomisation sequence was skipped. Stop randomising and call the "
            "trial office."
        )
    arm, state = rule.step(before.state, u, covariates=covariates)
    after = Reached(place=place, participant=participant, state=state)
    return str(configuration["arms"][arm]), after


def keep(which: Which, reached: Reached) -> None:
    """Begin the next draw at this state. Call once its transaction has been committed."""
    _kept[which] = reached


def _now(which: Which, configuration: Configuration, rule: Scheme) -> Reached:
    start = Reached(place=0, participant="", state=rule.start(tuple(configuration["ratio"])))
    known = _kept.get(which, start)
    later = list(places.given_from(WHOLE_STUDY, known.place))
    if known.place:
        if not later or later[0].place != known.place or later[0].participant != known.participant:
            known, later = start, list(places.given_from(WHOLE_STUDY, 0))
        else:
            later = later[1:]
    for given in later:
        known = _replayed(configuration, rule, known, given)
    return known


def _replayed(
    configuration: Configuration, rule: Scheme, before: Reached, given: places.Given
) -> Reached:
    drawn = open_seal(given.sealed, purpose="slot", name=slot_name(WHOLE_STUDY, given.place))
    held = open_seal(given.sealed_arm, purpose="arm", name=given.participant)
    arm, state = rule.step(before.state, float(drawn), covariates=given.covariates)
    if configuration["arms"][arm] != held:
        raise IntegrityError(
            "The allocations do not follow from the sealed draws. Stop randomising and "
            "call the trial office."
        )
    return Reached(place=given.place, participant=given.participant, state=state)
