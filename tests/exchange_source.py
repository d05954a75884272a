"""A source of an export written by hand: two people, one correction, one redaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from equipoise.exchange.source import (
    About,
    EntryLine,
    ParticipantLine,
    SiteLine,
    UserLine,
    VersionLine,
)
from equipoise.protocol.load import load
from equipoise.protocol.model import Study

STUDY = Path(__file__).parent / "studies" / "three_arms"
ABOUT = About("Hu", "2026-03-02T09:00:00.000000Z", True, None, None)
ONE, TWO = "S01-AAAAA-AAAAA", "S02-BBBBB-BBBBB"
FIRST = {"age": 44, "consent_signed": True, "egfr": 88.5, "sex": "f", "ulcer_history": False}
SECOND = {"age": 45, "consent_signed": True, "sex": "f", "ulcer_history": False}
TERM = '=HYPERLINK("http://x")\nand, "more"'


def study() -> Study:
    return load(STUDY)


def written(document: dict[str, object] | None) -> str | None:
    return None if document is None else json.dumps(document, sort_keys=True, ensure_ascii=False)


def version(
    participant: str, form: str, number: int, nth: int, document: dict[str, object] | None
) -> VersionLine:
    return VersionLine(
        participant=participant,
        site=participant[:3].lower(),
        form=form,
        visit="log" if form == "event" else "screen",
        number=number,
        version=nth,
        on="2026-03-02",
        by="chen",
        at=f"2026-03-02T09:00:0{nth}.000000Z",
        reason="" if nth == 1 else "typing mistake",
        study="d" * 64,
        status="complete",
        data=written(document),
    )


VERSIONS = (
    version(ONE, "event", 1, 1, {"grade": 2, "term": TERM}),
    version(ONE, "screening", 0, 1, dict(FIRST)),
    version(ONE, "screening", 0, 2, dict(SECOND)),
    version(TWO, "screening", 0, 1, None),
)


class ByHand:
    """What the server's store gives, from tuples."""

    def __init__(self, versions: tuple[VersionLine, ...] = VERSIONS) -> None:
        self._versions = versions

    def sites(self) -> Iterator[SiteLine]:
        yield SiteLine("s01", "North", "Asia/Shanghai")
        yield SiteLine("s02", "South & <East>", "Asia/Shanghai")

    def users(self) -> Iterator[UserLine]:
        yield UserLine("chen", "Chen")

    def participants(self) -> Iterator[ParticipantLine]:
        nothing = (None, None, None, None, 0, None, "")
        for code, site in ((ONE, "s01"), (TWO, "s02"), ("S02-CCCCC-CCCCC", "s02")):
            stratum = {"ulcer_history": "false"} if code == ONE else {}
            yield ParticipantLine(code, site, "screening", "2026-03-01", *nothing, stratum)

    def newest(self) -> Iterable[VersionLine]:
        held = {(one.participant, one.form, one.visit, one.number): one for one in self._versions}
        return held.values()

    def versions(self) -> Iterator[VersionLine]:
        return iter(self._versions)

    def seen(self, line: VersionLine) -> str | None:
        return line.data

    def entries(self) -> Iterator[EntryLine]:
        salted = ("a" * 32, '{"study":"x"}')
        yield EntryLine("study", 1, "p", 'op"ened', "admin", "t", "", "q", "r", *salted)
        yield EntryLine(ONE, 1, "p", "recorded", "chen", "t", "s", "", "r", None, None)
