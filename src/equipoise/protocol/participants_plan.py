"""What participants do and are asked themselves, as a study folder states it in `participants.yaml`.

Like the cleaning plan it is no part of the protocol's identity: which form the diary shows and
which forms need a sample change nothing that is collected. Consent that may be deferred does:
it stands in the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import with_config

from equipoise.protocol.frozen import Frozen
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
class ConsentItems:
    """Items of the form that says in the data that somebody agreed; "" where it asks no such thing.

    They are filled in from the signed consent, and a person looks them over and saves them.
    `on` is the day of the signature at the site. `codes` name who signed (`participant`,
    `representative`). `understood` counts the questions that were answered rightly the first
    time. `wishes`: wish of the document to a yes-or-no item.
    """

    form: str
    signed: str = ""
    version: str = ""
    language: str = ""
    at: str = ""
    on: str = ""
    signatory: str = ""
    codes: Frozen[str] = Frozen()
    understood: str = ""
    wishes: Frozen[str] = Frozen()

    @property
    def items(self) -> tuple[str, ...]:
        """Every item that is named."""
        named = (self.signed, self.version, self.language, self.at, self.on, self.signatory)
        return tuple(one for one in (*named, self.understood, *self.wishes.values()) if one)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantsPlan:
    """The diary, the form of consent, and the forms that need a sample.

    Who withdraws from samples gives none. Answers of somebody from the public who wrote to a
    site or signed up as a volunteer are deleted after `forgotten_after_months` in which nothing
    happened.
    """

    diary: Diary | None = None
    consent: ConsentItems | None = None
    forgotten_after_months: int = 24
    samples: tuple[str, ...] = ()


NOTHING_ASKED = ParticipantsPlan()
