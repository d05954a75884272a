"""A conducted trial on paper as the dataset of an analysis."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from equipoise.analysis.dataset import Dataset, ParticipantRow
from equipoise.participant import ParticipantState
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from equipoise.rehearsal.conduct import PaperDesk, run

STUDIES = Path(__file__).parent / "studies"


def dataset_of(desk: PaperDesk) -> Dataset:
    """The dataset that the ledger, the records and the allocation of a desk hold."""
    rows = tuple(_row(desk, state) for state in desk.states.values())
    return Dataset(
        study=desk.study,
        participants=rows,
        records=[one for mine in desk.records.values() for one in mine.values()],
        events=_events(desk),
    )


def _row(desk: PaperDesk, state: ParticipantState) -> ParticipantRow:
    arm = desk.arms.get(state.kits[0]) if state.kits else None
    given = [dose for dose in state.doses if dose.amount != "not"]
    return ParticipantRow(
        code=state.code,
        site=state.site,
        stratum=dict(state.stratum),
        screened_on=state.screened_on,
        consented_on=state.consents[0].at.date() if state.consents else None,
        failed_reason=state.failure,
        randomised_on=state.randomised_on,
        first_dose_at=state.first_dose_at,
        doses=len(given),
        dose_times=tuple(dose.at for dose in given),
        discharged_on=state.discharged_on,
        readmitted_on=state.readmitted_on,
        died_on=state.died_on,
        withdrawn=state.withdrawn,
        completed_on=state.completed_on,
        completed_reason=state.completion,
        arm=arm,
        received=arm if given else None,
    )


def _events(desk: PaperDesk) -> dict[str, int]:
    states = desk.states.values()
    found = Counter({"screened": len(desk.states)})
    found["randomised"] = sum(one.randomised for one in states)
    found["screening-failed"] = sum(one.failure is not None for one in states)
    found["died"] = sum(one.died_on is not None for one in states)
    found["completed"] = sum(one.completed_on is not None for one in states)
    return dict(found)


def conducted(study: Study, scenario: str, n: int, seed: int, effect: float) -> Dataset:
    desk = PaperDesk(study=study, scenario=study.scenarios[scenario], seed=seed)
    run(study, study.scenarios[scenario], desk, participants=n, seed=seed, effect=effect)
    return dataset_of(desk)


@cache
def three_arms(n: int = 160, seed: int = 7) -> Dataset:
    """Two experimental arms, a binary endpoint."""
    study = load(STUDIES / "three_arms")
    return conducted(study, next(iter(study.scenarios)), n, seed, 1.8)


@cache
def reference(n: int = 240, seed: int = 7, effect: float = 1.5) -> Dataset:
    """The shipped reference study under its scenario of full conduct."""
    study = load("nct05787288")
    return conducted(study, "era-b-conduct", n, seed, effect)
