"""results.json: the same data give the same bytes; no clock, no NaN."""

from __future__ import annotations

import json
from typing import Any

from equipoise.analysis import final_look
from equipoise.analysis.report.contents import Results
from equipoise.analysis.report.prose import interim_words, not_done
from equipoise.analysis.result import document


def results_document(found: Results, *, demo: bool) -> dict[str, Any]:
    """The results as JSON values, in a fixed order."""
    study = found.trial.dataset.study
    return {
        "study": study.protocol.id,
        "version": study.protocol.version,
        "digest": study.digest,
        "simulated": demo,
        "participants": {
            "screened": found.flow.assessed,
            "randomised": found.flow.randomised,
            "sites": len({row.site for row in found.trial.dataset.randomised}),
            "records": len(found.trial.dataset.records),
        },
        "contrasts": [
            {"name": one.name, "experimental": one.experimental, "control": one.control}
            for one in found.trial.contrasts
        ],
        "sets": _sets(found),
        "results": [document(one) for one in found.results],
        "sequence": [_decision(one) for one in found.decisions],
        "interim": {
            "done": found.looks is not None,
            "text": interim_words(found),
            **final_look.document(found.looks),
        },
        "flow": _flow(found),
        "endpoints": _endpoints(found),
        "not_done": list(not_done(found)),
        "notes": list(found.notes),
    }


def dump(values: dict[str, Any]) -> str:
    """Indented JSON with a final newline; refuses NaN."""
    return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _sets(found: Results) -> list[dict[str, Any]]:
    arms = [arm.id for arm in found.trial.dataset.arms]
    return [
        {
            "id": name,
            "title": str(one.set.title),
            "kind": one.set.kind,
            "by": one.set.by,
            "n": one.n,
            "arms": {arm: int(one.in_arm(arm).sum()) for arm in arms},
        }
        for name, one in found.trial.sets.items()
    ]


def _decision(one: Any) -> dict[str, Any]:
    return {
        "place": one.place,
        "estimand": one.estimand,
        "contrast": one.contrast,
        "p_value": one.p_value,
        "alpha": one.alpha,
        "sides": one.sides,
        "confirmatory": one.confirmatory,
        "significant": one.significant,
        "favours": one.favours,
        "reason": one.reason,
    }


def _flow(found: Results) -> dict[str, Any]:
    counted = found.flow
    return {
        "assessed": counted.assessed,
        "not_randomised": counted.not_randomised,
        "reasons": dict(counted.reasons),
        "still_in_screening": counted.awaiting,
        "randomised": counted.randomised,
        "arms": [
            {
                "arm": one.arm,
                "allocated": one.allocated,
                "received_any": one.received_any,
                "received_all": one.received_all,
                "received_none": one.received_none,
                "received_other": one.received_other,
                "completed": one.completed,
                "died": one.died,
                "withdrew": one.withdrew,
                "lost": one.lost,
                "ended_early": dict(one.ended_early),
                "still_followed": one.still_followed,
                "analysed": dict(one.analysed),
            }
            for one in counted.arms
        ],
        "ledger": [
            {"event": name, "counted": ours, "ledger": theirs, "agrees": ours == theirs}
            for name, ours, theirs in counted.checks
        ],
    }


def _endpoints(found: Results) -> list[dict[str, Any]]:
    rows = []
    for name in dict.fromkeys(one.endpoint for one in found.trial.protocol.estimands):
        variable = found.trial.variable(name)
        sources = ("observed", "carried", "death", "missing", "excluded")
        counts = {one: variable.count(one) for one in sources}  # type: ignore[arg-type]
        rows.append({"endpoint": name, "kind": variable.kind, **counts})
    return rows
