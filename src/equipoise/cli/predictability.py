"""How predictable a study's randomisation is, beside its alternatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from equipoise.protocol.explain.blocks import Block, Paragraph, Table
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Alternative, Protocol, Randomisation
from equipoise.randomisation import balance, scheme

_WORDS = {
    "en": (
        "Scheme",
        "Guessed right",
        "Certain",
        "Imbalance, 95 %",
        "Over {n} places of one stratum: how often somebody who knows every earlier arm and bets "
        "on the arm that is behind would be right, how often they could be certain, and the "
        "imbalance that 95 % of lists stay within. * the chosen scheme.",
    ),
    "zh-Hans": (
        "随机化方法",
        "猜中率",
        "确定率",
        "不均衡（95 %）",
        "按单层{n}个分配计算：若某人知道此前所有分配并总是押注落后的一组，其猜中的比例、"
        "可完全确定的比例，以及95 %的序列不超过的组间例数差。* 为所选方法。",
    ),
}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON has them."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def schemes_of(protocol: Protocol) -> list[dict[str, Any]]:
    """The chosen scheme first, then the alternatives, over the planned number of places."""
    plan = protocol.randomisation
    n = int(protocol.planned.value or 0)
    ratio = tuple(arm.ratio for arm in protocol.arms)
    choices: tuple[Randomisation | Alternative, ...] = (plan, *plan.alternatives)
    rows = []
    for chosen in choices:
        parameters: Frozen[Any] = chosen.parameters
        found = balance(scheme(chosen.scheme, **parameters), ratio, n)
        rows.append(
            {
                "scheme": chosen.scheme,
                "parameters": plain(parameters),
                "chosen": chosen is plan,
                "n": n,
                "guess_rate": found.guess_rate,
                "certain_rate": found.certain_rate,
                "p95_imbalance": found.p95_imbalance,
            }
        )
    return rows


def as_blocks(protocol: Protocol, language: str) -> tuple[Block, ...]:
    """The same as a table of the readable protocol."""
    rows = schemes_of(protocol)
    *head, note = _WORDS.get(language, _WORDS["en"])
    cells = tuple(
        (
            (_name(row),),
            (f"{row['guess_rate']:.1%}",),
            (f"{row['certain_rate']:.1%}",),
            (f"{row['p95_imbalance']:g}",),
        )
        for row in rows
    )
    return (
        Table(head=tuple(head), rows=cells),
        Paragraph(parts=(note.format(n=rows[0]["n"]),)),
    )


def _name(row: Mapping[str, Any]) -> str:
    words = ", ".join(f"{name} {_short(value)}" for name, value in row["parameters"].items())
    return f"{'* ' if row['chosen'] else ''}{row['scheme']} {words}".rstrip()


def _short(value: object) -> str:
    if isinstance(value, list):
        return "/".join(_short(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
