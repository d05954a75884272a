"""The list as a pure function of seed and configuration, so that anyone can recompute it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise.errors import ProtocolError
from equipoise.protocol.forms import Item
from equipoise.protocol.model import Derived, Study
from equipoise.randomisation import draw, scheme

WHOLE_STUDY = "*"
DYNAMIC = frozenset({"minimisation"})
SPARE = 1.5  # places per stratum, as a multiple of the planned number of participants

Configuration = dict[str, Any]
Lists = dict[str, list[str]]


def stratum_name(levels: Mapping[str, object]) -> str:
    """One stratum as text, factors in protocol order: `severity=severe`."""
    return "/".join(f"{factor}={level}" for factor, level in levels.items()) or WHOLE_STUDY


def configure(study: Study, *, label: str) -> Configuration:
    """Everything but the seed that decides the list."""
    protocol = study.protocol
    plan = protocol.randomisation
    planned = int(protocol.planned.value or 0)
    return {
        "label": label,
        "study": protocol.id,
        "digest": study.digest,
        "scheme": plan.scheme,
        "parameters": {
            k: list(v) if isinstance(v, tuple) else v for k, v in plan.parameters.items()
        },
        "arms": [arm.id for arm in protocol.arms],
        "ratio": [arm.ratio for arm in protocol.arms],
        "strata": _strata(study),
        "length": round(SPARE * planned),
        "dynamic": plan.scheme in DYNAMIC,
    }


def _strata(study: Study) -> list[str]:
    protocol = study.protocol
    if protocol.randomisation.scheme in DYNAMIC or not protocol.randomisation.strata:
        return [WHOLE_STUDY]
    factors = protocol.randomisation.strata
    levels = [factor_levels(study, factor) for factor in factors]
    return [
        stratum_name(dict(zip(factors, combination, strict=True)))
        for combination in itertools.product(*levels)
    ]


def factor_levels(study: Study, factor: str) -> list[str]:
    """The values a stratification factor can take: a derived value, an item, or the site.

    Raises:
        ProtocolError: its values are not a code list, yes or no, or the rows of a table.

    """
    protocol = study.protocol
    if factor == "site":
        return [site.id for site in protocol.sites]
    derived = next((each for each in protocol.derived if each.id == factor), None)
    found: Derived | Item | None = derived or _item(study, factor)
    if found is not None and found.codes is not None:
        listed = next(each for each in protocol.code_lists if each.id == found.codes)
        return list(listed.values())
    if found is not None and found.type == "boolean":
        return ["true", "false"]
    if derived is not None and derived.rows:
        values = [row.value for row in derived.rows]
        values += [] if derived.otherwise is None else [derived.otherwise]
        return list(dict.fromkeys(str(value) for value in values))
    raise ProtocolError(
        "protocol.yaml",
        f"stratification factor {factor!r} has no list of values; give the derived value or "
        "item that it names a code list.",
    )


def _item(study: Study, factor: str) -> Item | None:
    form, _, name = factor.rpartition(".")
    forms = [study.forms[form]] if form else list(study.forms.values())
    return next((item for each in forms if (item := each.item(name)) is not None), None)


def build(configuration: Configuration, seed: bytes) -> Lists | None:
    """The arm of every place of every stratum, or None for a dynamic scheme."""
    if configuration["dynamic"]:
        return None
    return {stratum: _one(configuration, seed, stratum) for stratum in configuration["strata"]}


def _one(configuration: Configuration, seed: bytes, stratum: str) -> list[str]:
    rule = scheme(configuration["scheme"], **configuration["parameters"])
    state = rule.start(tuple(configuration["ratio"]))
    arms = []
    for place in range(1, configuration["length"] + 1):
        arm, state = rule.step(state, uniform(configuration, seed, stratum, place))
        arms.append(configuration["arms"][arm])
    return arms


def uniform(configuration: Configuration, seed: bytes, stratum: str, place: int) -> float:
    """The draw behind one place, in [0, 1). Places count from 1, draws from 0."""
    return draw(
        seed,
        configuration["label"],
        configuration["study"],
        configuration["digest"],
        stratum,
        place - 1,
    )


def commitment(lists: Lists | None, seed: bytes, configuration: Configuration) -> str:
    """SHA-256 of the canonical JSON {list or null, seed, configuration}."""
    return sha256(document(lists, seed, configuration))


def document(lists: Lists | None, seed: bytes, configuration: Configuration) -> bytes:
    """The bytes whose SHA-256 is the commitment: canonical JSON {list or null, seed, configuration}."""
    return canonical_json({"configuration": configuration, "list": lists, "seed": seed.hex()})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Made:
    """A list with all that decides it. It has no representation: its seed is never printed."""

    configuration: Configuration
    seed: bytes
    list: Lists | None

    @property
    def document(self) -> bytes:
        """What custodians keep."""
        return document(self.list, self.seed, self.configuration)

    @property
    def commitment(self) -> str:
        """What is published."""
        return sha256(self.document)


def make(study: Study, *, label: str, seed: bytes) -> Made:
    """The list of `study` that follows from `seed`."""
    configuration = configure(study, label=label)
    return Made(configuration=configuration, seed=seed, list=build(configuration, seed))
