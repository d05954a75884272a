"""What participants do and are asked themselves, as a study folder states it in `participants.yaml`.

Like the cleaning plan it is no part of the protocol's identity: which form the diary shows and
which forms need a sample change nothing that is collected. Consent that may be deferred does:
it stands in the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import with_config

from equipoise.protocol.visits import STRICT


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """The form that participants fill in themselves, once a day, where the schedule asks it daily.

    `items` are asked, in this order. `at_item` takes the moment of the entry; `source_item`
    is set to `source_code`: who answered. `sliders` are items answered on a line from their
    lowest to their highest value.
    """

    form: str
    items: tuple[str, ...]
    sliders: tuple[str, ...] = ()
    at_item: str = ""
    source_item: str = ""
    source_code: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantsPlan:
    """The diary, and the forms that need a sample: who withdraws from samples gives none."""

    diary: Diary | None = None
    samples: tuple[str, ...] = ()


NOTHING_ASKED = ParticipantsPlan()
