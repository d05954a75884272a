"""What staff need, as a study folder states it in `people.yaml`: trainings, tasks to delegate.

Like the cleaning plan it is no part of the protocol's identity: it changes who may act, and
nothing that is collected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import with_config

from equipoise.protocol.frozen import Text
from equipoise.protocol.roles import Role
from equipoise.protocol.visits import STRICT

Step = Literal[
    "consent",
    "defer consent",
    "screen",
    "fail screening",
    "randomise",
    "dispense",
    "administer",
    "record",
    "report an event",
    "report a special situation",
    "answer a query",
    "attach an image",
    "follow up",
    "withdraw",
    "complete",
]
"""What an investigator may delegate; a step that no task names needs no delegation."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRule:
    """A training that some roles need before they act. `valid_days`: how long it counts."""

    id: str
    title: Text
    roles: tuple[Role, ...]
    valid_days: int | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedTask:
    """One line that the delegation log of a site can hold, and the steps that it opens."""

    id: str
    title: Text
    steps: tuple[Step, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlan:
    """Trainings and tasks; what the folder leaves empty is as usual.

    Raises:
        ValueError: an id twice, a step in two tasks, or a training or task of nothing.

    """

    trainings: tuple[TrainingRule, ...] = ()
    tasks: tuple[DelegatedTask, ...] = ()

    def __post_init__(self) -> None:
        _once("training", [one.id for one in self.trainings])
        _once("task", [one.id for one in self.tasks])
        _once("step", [step for one in self.tasks for step in one.steps])
        for training in self.trainings:
            if not training.roles or (training.valid_days or 1) < 1:
                raise ValueError(f"training `{training.id}` needs roles, and at least one day")
        for task in self.tasks:
            if not task.steps:
                raise ValueError(f"task `{task.id}` opens no step")


def _once(kind: str, names: list[str]) -> None:
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise ValueError(f"the {kind} `{twice}` stands there twice")


AS_USUAL = PeoplePlan()
