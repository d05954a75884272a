"""Which items of a record are to be compared with their source."""

from __future__ import annotations

from hashlib import sha256

from equipoise.digest import canonical_json
from equipoise.protocol.cleaning import Cleaning, Verify
from equipoise.protocol.forms import Form


def to_verify(
    plan: Cleaning, form: Form, *, participant: str, visit: str, number: int
) -> tuple[str, ...]:
    """The items of one record that the plan asks to verify, in the order of the form.

    A share below 1 is drawn: the first 53 bits of SHA-256 over the canonical JSON of seed,
    form, participant and what else `per` names, as a number below 1, lie below the share.
    The same plan gives the same draw whenever and wherever it is asked.
    """
    rules = [one for one in plan.verification if one.form == form.id]
    typed = [item.id for item in form.items() if item.derive is None]
    place = (participant, visit, number)
    return tuple(
        item
        for item in typed
        if any(_named(rule, item) and _drawn(plan.seed, rule, place, item) for rule in rules)
    )


def _named(rule: Verify, item: str) -> bool:
    return not rule.items or item in rule.items


def _drawn(seed: str, rule: Verify, place: tuple[str, str, int], item: str) -> bool:
    if rule.share in (0, 1):
        return rule.share == 1
    what: list[object] = [seed, rule.form, place[0]]
    if rule.per != "participant":
        what += [place[1], place[2]]
    if rule.per == "item":
        what.append(item)
    digest = sha256(canonical_json(what)).digest()
    return (int.from_bytes(digest[:7], "big") >> 3) / 2**53 < rule.share
