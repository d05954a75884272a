"""`equipoise design`: what the sample size buys, the boundaries, how predictable the list is."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from equipoise.cli.answer import JsonFlag, StudyName, page, write_json
from equipoise.cli.predictability import plain, schemes_of
from equipoise.cli.studies import sound
from equipoise.cli.whereabouts import placed
from equipoise.design import boundaries, power, sample_size
from equipoise.design.group_sequential import Boundaries
from equipoise.protocol.estimands import SampleSizeBasis
from equipoise.protocol.model import Protocol, Study


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("design", help="Show what a study's design can answer, and how predictable it is.")(
        design_study
    )


def design_study(study: StudyName, as_document: JsonFlag = False) -> None:
    """Sample sizes, interim boundaries and randomisation figures of a study."""
    document = design_of(sound(study), study)
    if as_document:
        write_json(document)
    else:
        _show(page(), document)


def design_of(study: Study, name: str) -> dict[str, Any]:
    """The document that the verb writes; `name` is where the study was read from.

    Raises:
        DesignError: impossible numbers, with their place in the protocol.

    """
    protocol = study.protocol
    with placed(name, path=("analysis", "interim")):
        looks = _boundaries(protocol)
    endpoints = []
    for index, basis in enumerate(protocol.analysis.sample_size):
        with placed(name, path=("analysis", "sample_size", index, "parameters")):
            endpoints.append(_endpoint(protocol, basis, looks))
    return {
        "study": protocol.id,
        "version": protocol.version,
        "digest": study.digest,
        "endpoints": endpoints,
        "boundaries": _looks(looks),
        "randomisation": schemes_of(protocol),
        "reason": ""
        if protocol.randomisation.reason is None
        else str(protocol.randomisation.reason),
    }


def _boundaries(protocol: Protocol) -> Boundaries | None:
    plan = protocol.analysis
    if plan.interim is None:
        return None
    parameters: dict[str, Any] = dict(plan.interim.parameters)
    return boundaries(
        plan.interim.information,
        plan.interim.spending,
        alpha=plan.alpha,
        sides=plan.sides,
        **parameters,
    )


def _endpoint(
    protocol: Protocol, basis: SampleSizeBasis, looks: Boundaries | None
) -> dict[str, Any]:
    """One assumption: what it needs, and the power that the planned size has under it."""
    plan = protocol.analysis
    sequential = looks if plan.interim and plan.interim.estimand == basis.estimand else None
    common: dict[str, Any] = {
        "alpha": plan.alpha,
        "sides": plan.sides,
        "ratio": basis.ratio,
        "boundaries": sequential,
        **plain(basis.parameters),
    }
    needed = sample_size(basis.endpoint, power=basis.power, **common)
    planned = float(protocol.planned.value or 0)
    method = next(e.main.estimator for e in protocol.estimands if e.id == basis.estimand)
    return {
        "estimand": basis.estimand,
        "method": method,
        "assumption": {"endpoint": basis.endpoint, **plain(basis.parameters)},
        "target_power": basis.power,
        "sample_size": needed.total,
        "events": needed.events,
        "planned": planned,
        "power": power(basis.endpoint, total=planned, **common),
        "origin": basis.origin,
    }


def _looks(looks: Boundaries | None) -> list[dict[str, Any]]:
    if looks is None:
        return []
    futility = looks.futility_z
    return [
        {
            "look": look + 1,
            "information": float(looks.information[look]),
            "efficacy_z": float(looks.efficacy_z[look]),
            "futility_z": None if futility is None else float(futility[look]),
            "nominal_p": float(looks.nominal_p[look]),
        }
        for look in range(len(looks.efficacy_z))
    ]


def _show(console: Console, document: dict[str, Any]) -> None:
    console.print(f"{document['study']} {document['version']}")
    needs = Table("Estimand", "Method", "Assumption", box=None, pad_edge=False)
    for heading in ("for power", "participants", "events", "power as planned"):
        needs.add_column(heading, justify="right")
    for row in document["endpoints"]:
        words = ", ".join(f"{k} {v}" for k, v in row["assumption"].items())
        events = "" if row["events"] is None else f"{row['events']:.1f}"
        size = f"{row['sample_size']:.1f}"
        target, planned = f"{row['target_power']:.0%}", f"{row['power']:.1%}"
        needs.add_row(row["estimand"], row["method"], words, target, size, events, planned)
    console.print(needs)
    for look in document["boundaries"]:
        console.print(
            f"Look {look['look']} at {look['information']:g}: stop for |z| >= "
            f"{look['efficacy_z']:.4f} (nominal p {look['nominal_p']:.5f})"
        )
    list_table = Table("Scheme", box=None, pad_edge=False)
    for heading in ("guess rate", "certain", "95 % imbalance", "n"):
        list_table.add_column(heading, justify="right")
    for row in document["randomisation"]:
        words = ", ".join(f"{k} {v}" for k, v in row["parameters"].items())
        name = f"{'* ' if row['chosen'] else '  '}{row['scheme']} {words}".rstrip()
        guess, certain = f"{row['guess_rate']:.3f}", f"{row['certain_rate']:.3f}"
        list_table.add_row(name, guess, certain, f"{row['p95_imbalance']:g}", str(row["n"]))
    console.print(list_table)
    console.print("Guess rate: always betting on the arm behind in its stratum. * chosen.")
    if document["reason"]:
        console.print(document["reason"])
