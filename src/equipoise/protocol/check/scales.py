"""Ordinal scores whose direction nobody states, or which contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.estimands import Endpoint
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE

ORDINAL = frozenset({"proportional_odds", "wilcoxon", "win_ratio"})
BETTER = {"higher-is-worse": "lower", "higher-is-better": "higher"}


def scale_findings(subject: Subject) -> Iterator[Finding]:
    """Scores without a scale, and scales that contradict endpoints, death codes or levels."""
    yield from _undirected(subject)
    yield from _contradicted(subject)
    yield from _deaths(subject)


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _undirected(subject: Subject) -> Iterator[Finding]:
    protocol = subject.protocol
    directed = {_bare(scale.item) for scale in protocol.scales}
    endpoints = {one.id: (number, one) for number, one in enumerate(protocol.endpoints)}
    reported = set()
    for estimand in protocol.estimands:
        for method in (estimand.main, *estimand.supplementary):
            found = endpoints.get(method.endpoint or estimand.endpoint)
            if found is None or method.estimator not in ORDINAL:
                continue
            number, endpoint = found
            scored = endpoint.kind in {"value", "change"} and endpoint.item is not None
            if scored and endpoint.item not in directed and endpoint.id not in reported:
                reported.add(endpoint.id)
                words = (
                    f"`{endpoint.item}` is compared as a score, but no scale says in which "
                    "direction it gets worse: add it to `scales`."
                )
                path = (PROTOCOL_FILE, "endpoints", number, "item")
                yield subject.finding(
                    "study.scale-direction",
                    path,
                    words,
                    severity="error" if _whole(subject, endpoint) else "note",
                )


def _whole(subject: Subject, endpoint: Endpoint) -> bool:
    form = subject.study.forms.get(endpoint.form or "")
    item = form.item(endpoint.item or "") if form else None
    return item is not None and item.type in {"integer", "code"}


def _contradicted(subject: Subject) -> Iterator[Finding]:
    scales = {_bare(scale.item): scale for scale in subject.protocol.scales}
    for number, endpoint in enumerate(subject.protocol.endpoints):
        scale = scales.get(endpoint.item or "")
        if scale is None or endpoint.kind not in {"value", "change"}:
            continue
        if endpoint.better in {"higher", "lower"} and endpoint.better != BETTER[scale.direction]:
            words = (
                f"Scale `{scale.id}` says {scale.direction}, this endpoint says that "
                f"{endpoint.better} is better: correct one of them."
            )
            path = (PROTOCOL_FILE, "endpoints", number, "better")
            yield subject.finding("study.scale-direction", path, words)


def _deaths(subject: Subject) -> Iterator[Finding]:
    """Death is the worst level: it stands at the end to which the scale gets worse."""
    for number, scale in enumerate(subject.protocol.scales):
        levels = [int(level) for level in scale.levels if level.lstrip("-").isdigit()]
        if not levels:
            continue
        worse = scale.direction == "higher-is-worse"
        beyond = max(levels) if worse else min(levels)
        if (worse and scale.death_code < beyond) or (not worse and scale.death_code > beyond):
            words = (
                f"Death is {scale.death_code} on scale `{scale.id}`, yet level {beyond} is worse: "
                "give death the worst code."
            )
            path = (PROTOCOL_FILE, "scales", number, "death_code")
            yield subject.finding("study.scale-direction", path, words)
