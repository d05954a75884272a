"""What it takes to finish data: signatures, and how older documents are read."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import with_config

from equipoise.protocol.frozen import Frozen, Text
from equipoise.protocol.origin import Origin
from equipoise.protocol.visits import STRICT


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRule:
    """Whose electronic signature the records of some forms need, and what it means.

    `role` is one of the words of the house. `meaning` is what the person states by signing;
    it is shown beside the printed name and the time. Where two rules name one form, both
    signatures are needed.
    """

    id: str
    role: str
    forms: tuple[str, ...]
    meaning: Text
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialReport:
    """A special situation that is no adverse event by itself, such as a pregnancy.

    It is reported on `form`, a log, within `hours`. `rule` is true of a randomised participant
    who needs one. `aware_item` and `submitted_item` of the form say when the site knew and when
    the sponsor did; while `outcome_item` is unanswered or one of `open_codes`, it is followed.
    With `ends_dosing` the report ends dosing for good.
    """

    id: str
    title: Text
    form: str
    rule: str
    hours: float
    aware_item: str
    submitted_item: str
    outcome_item: str | None = None
    open_codes: tuple[str, ...] = ()
    ends_dosing: bool = False
    origin: Origin | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class LensStep:
    """One way in which a form has changed. Exactly one of the five names an item.

    `add`: a new item; older documents have it as `value`, or unanswered. `retire`: the item
    is gone. `rename`: it is called `to` now and means the same. `recode`: its `codes`
    changed, old to new. `convert`: its unit changed; new = old * `factor` + `offset`.
    """

    add: str | None = None
    retire: str | None = None
    rename: str | None = None
    recode: str | None = None
    convert: str | None = None
    to: str | None = None
    value: str | bool | int | float | None = None
    codes: Frozen[str] = Frozen()
    factor: float | None = None
    offset: float = 0.0

    def __post_init__(self) -> None:
        named = [
            one for one in (self.add, self.retire, self.rename, self.recode, self.convert) if one
        ]
        if len(named) != 1:
            raise ValueError("a step has exactly one of add, retire, rename, recode, convert")
        if (self.rename is None) != (self.to is None):
            raise ValueError("`to` goes with rename, and rename needs it")
        if (self.convert is None) != (self.factor is None) or self.factor == 0:
            raise ValueError("a `factor` other than 0 goes with convert, and convert needs it")
        if (self.recode is None) != (not self.codes):
            raise ValueError("`codes` go with recode, and recode needs them")


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class FormLens:
    """How documents of one form are read: the steps apply in order."""

    form: str
    steps: tuple[LensStep, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """How documents saved under version `reads` of the study are read under this one.

    Nothing that was stored is ever rewritten: it is seen through the lens.
    """

    id: str
    reads: str
    forms: tuple[FormLens, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredConsent:
    """In whose case consent may follow later, and within how many hours of the deferral.

    `reasons` are the situations in which the protocol, as approved, allows it; anything else is
    refused. `text` says what is done meanwhile and how the person is asked.
    """

    within_hours: float
    reasons: Frozen[Text]
    text: Text
    origin: Origin | None = None
