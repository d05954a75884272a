"""Source verification, coding, deviations and laboratory files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from equipoise.errors import (
    AlreadyRecorded,
    FileRefused,
    LinesRejected,
    MayUnblind,
    NotPermitted,
    OutOfOrder,
    ReasonRequired,
    SavedFirst,
    UnknownRecord,
)
from equipoise.forms.verification import to_verify
from equipoise_server.services.access.appoint import appoint
from equipoise_server.services.cleaning.check_data import check_data, check_nightly
from equipoise_server.services.cleaning.classify_deviation import classify_deviation
from equipoise_server.services.cleaning.code_term import code_term
from equipoise_server.services.cleaning.load_dictionary import load_dictionary
from equipoise_server.services.cleaning.raise_deviation import raise_deviation
from equipoise_server.services.cleaning.verify_source import verify_source
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.records.import_results import import_results, preview, upload
from equipoise_server.services.trial.export import export
from equipoise_server.services.verify import verify
from equipoise_server.store import dictionaries
from equipoise_server.store import study as studies
from equipoise_server.store.models import Deviation, ImportedFile, RecordVersion, Upload, User
from equipoise_server.store.queries import coding, deviating, records, verifying
from server.cast import ADULT, NOW, TODAY, Cast, key

CODE = "S01-AAAAA-AAAAA"
HEADER = "CODE,VISIT,DATE,TEST,VALUE,UNIT\n"
LINE = f"{CODE},SCR,{TODAY},EGFR,91,ml/min\n"


@pytest.fixture
def monitor(trial: Cast) -> User:
    return appoint(
        username="mo",
        full_name="Mo",
        role="monitor",
        site=None,
        by=trial.administrator,
        at=NOW,
        key=key(),
    )


def compare(by: User, items: tuple[str, ...], **more: Any) -> int:
    given = {"participant": CODE, "form": "screening", "visit": "screen", "expected": 1, **more}
    return verify_source(items=items, by=by, at=NOW, key=key(), **given)


def test_verified_answers_count_until_they_change(trial: Cast, monitor: User) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    with pytest.raises(NotPermitted):
        compare(trial.data_manager, ("age",))
    assert compare(monitor, ("age", "sex")) == 2
    assert compare(monitor, ("age",)) == 0
    (one,) = verifying.progress(studies.alone(trial.study), None)
    assert (one.wanted, one.done, one.records_left) == (6, 2, 1)
    trial.fill_in(CODE, "screening", {**ADULT, "age": 45}, reason="Misread")
    assert set(verifying.marks(CODE, "screening", "screen", 0)) == {"sex"}
    with pytest.raises(SavedFirst):
        compare(monitor, ("age",))
    assert compare(monitor, ("age",), expected=2) == 1
    with pytest.raises(UnknownRecord):
        compare(monitor, ("nothing",), expected=2)
    assert verify().sound


def test_a_sample_is_drawn_alike_for_ever_and_near_its_share(trial: Cast) -> None:
    plan, form = trial.study.cleaning, trial.study.forms["symptoms"]

    def drawn(number: int) -> tuple[str, ...]:
        return to_verify(plan, form, participant=f"P{number}", visit="week2", number=0)

    first = [bool(drawn(one)) for one in range(1000)]
    assert first == [bool(drawn(one)) for one in range(1000)]
    assert 440 < sum(first) < 560, "4 standard errors around one half"


def code(trial: Cast, term: str, **more: Any) -> int:
    given = {"participant": CODE, "form": "event", "visit": "log", "number": 1, "expected": 1}
    given |= {"item": "term", "by": trial.data_manager, **more}
    return code_term(code=term, at=NOW, key=key(), **given)


def test_a_text_is_coded_recoded_with_a_reason_and_stale_when_it_changes(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "event", {"term": "severe headaches"}, visit="log", number=1)
    best = dictionaries.suggest("events", "severe headaches")[0]
    assert best.text["en"] == "Headache"
    assert dictionaries.suggest("events", "头痛")[0].code == best.code
    (one,) = coding.verbatims(studies.alone(trial.study), None)
    assert one.waits
    with pytest.raises(NotPermitted):
        code(trial, best.code, by=trial.investigator)
    with pytest.raises(UnknownRecord):
        code(trial, "E999999")
    assert code(trial, best.code) == code(trial, best.code) == 1
    other = dictionaries.suggest("events", "dizziness")[0].code
    with pytest.raises(ReasonRequired):
        code(trial, other)
    assert code(trial, other, reason="Read again") == 2
    trial.fill_in(CODE, "event", {"term": "Nausea"}, visit="log", number=1, reason="Misheard")
    (one,) = coding.verbatims(studies.alone(trial.study), None)
    assert (one.stale, one.waits) == (True, True)
    with pytest.raises(OutOfOrder):
        code(trial, best.code, reason="x")
    assert [past.number for past in coding.codings(CODE, "event", "log", 1, "term")] == [2, 1]
    assert verify().sound


MEDDRA = (
    b"10019211$Headache$10019211$$$$$$$Y$$\n10019198$Head pain$10019211$$$$$$$Y$$\n"
    b"10000001$Old term$10019211$$$$$$$N$$\n"
)


def test_the_users_own_dictionary_is_loaded_and_takes_over(trial: Cast) -> None:
    given: dict[str, Any] = {"name": "events", "kind": "meddra", "at": NOW}
    boss = trial.data_manager
    with pytest.raises(NotPermitted):
        load_dictionary(version="27.1", data=MEDDRA, by=trial.investigator, **given)
    assert load_dictionary(version="27.1", data=MEDDRA, by=boss, **given) == 2
    assert load_dictionary(version="27.1", data=MEDDRA, by=boss, **given) == 2
    with pytest.raises(AlreadyRecorded):
        load_dictionary(version="27.1", data=MEDDRA[:60] + b"\n", by=boss, **given)
    found = dictionaries.suggest("events", "pain in the head")
    assert (found[0].code, found[0].version) == ("10019198", "27.1")
    assert dictionaries.term_of("events", "10000001") is None, "not current any more"


NO_DICTIONARY = [
    ("csv", b"PK\x03\x04zip"),
    ("csv", b"a,b\n1,2\n"),
    ("csv", b"code,term\n,nothing\n"),
    ("csv", "code,term\n1,头痛剧烈".encode("gbk")),
    ("meddra", b"10019211,Headache\n"),
    ("csv", b""),
]


def test_what_is_no_dictionary_is_refused(trial: Cast) -> None:
    given: dict[str, Any] = {"name": "events", "version": "1", "by": trial.data_manager}
    for kind, data in NO_DICTIONARY:
        with pytest.raises(FileRefused):
            load_dictionary(kind=kind, data=data, at=NOW, **given)


def test_deviations_of_rules_come_on_save_and_go_when_corrected(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.make_eligible(CODE)
    randomise(participant=CODE, by=trial.investigator, at=NOW, key=key())
    later = NOW + timedelta(days=60)
    late = {"visit": "week2", "on": TODAY + timedelta(days=40), "at": later}
    trial.fill_in(CODE, "symptoms", {"pain": 1}, **late)
    assert set(Deviation.objects.values_list("rule", flat=True)) == {"visit-window"}
    before = Deviation.objects.count()
    one = Deviation.objects.get(visit="week2")
    assert one.status == "open"
    trial.fill_in(CODE, "symptoms", {"pain": 2}, **late, reason="Misread")
    assert Deviation.objects.count() == before
    fixed = {**late, "on": TODAY + timedelta(days=14)}
    trial.fill_in(CODE, "symptoms", {"pain": 2}, **fixed, reason="Wrong date")
    one.refresh_from_db()
    assert one.status == "gone"
    with pytest.raises(OutOfOrder):
        classify(trial, one.pk)
    trial.fill_in(CODE, "symptoms", {"pain": 2}, **late, reason="It was right")
    one.refresh_from_db()
    assert one.status == "open"
    trial.fill_in(CODE, "screening", {**ADULT, "age": 12}, at=later, reason="Misread")
    check_data(at=later)
    rules = set(Deviation.objects.filter(status="open").values_list("rule", flat=True))
    assert rules == {"visit-window", "not-eligible"}
    check_data(at=later)
    assert Deviation.objects.count() == before + 1
    assert verify().sound


def classify(trial: Cast, number: int, **more: Any) -> None:
    given: dict[str, Any] = {"classification": "major", "text": "Trained again", **more}
    by = given.pop("by", trial.data_manager)
    classify_deviation(deviation=number, by=by, at=NOW, key=key(), **given)


def test_a_persons_deviation_is_raised_classified_and_exported(trial: Cast, tmp_path: Path) -> None:
    trial.enrol(CODE)
    given: dict[str, Any] = {"participant": CODE, "kind": "consent", "on": TODAY, "at": NOW}
    for changed, error in (
        ({"text": ""}, ReasonRequired),
        ({"text": "Got the placebo"}, MayUnblind),
        ({"kind": "nothing"}, UnknownRecord),
        ({"on": TODAY + timedelta(days=2)}, OutOfOrder),
        ({"by": trial.elsewhere}, NotPermitted),
    ):
        asked = {"text": "Copy not given", "by": trial.investigator, **given, **changed}
        with pytest.raises(error):
            raise_deviation(key=key(), **asked)
    number = raise_deviation(text="Copy not given", by=trial.investigator, key=key(), **given)
    with pytest.raises(NotPermitted):
        classify(trial, number, by=trial.investigator)
    with pytest.raises(UnknownRecord):
        classify(trial, number, classification="terrible")
    classify(trial, number)
    found = deviating.departure(number)
    assert found is not None
    assert (found.status, found.classification) == ("classified", "major")
    assert found.message["en"] == "Copy not given"
    export("csv", out=tmp_path / "out", by=trial.data_manager, at=NOW)
    exported = (tmp_path / "out" / "deviations.csv").read_text("utf-8-sig")
    assert "consent" in exported
    assert "Copy not given" in exported
    assert verify().sound


def send(trial: Cast, text: str | bytes, **more: Any) -> int:
    data = text if isinstance(text, bytes) else text.encode()
    given: dict[str, Any] = {"transfer": "kidney", "name": "lab.csv", "at": NOW, **more}
    return upload(data=data, by=given.pop("by", trial.data_manager), **given)


def take(trial: Cast, number: int) -> Any:
    return import_results(upload=number, by=trial.data_manager, at=NOW, key=key())


def test_a_file_is_shown_written_whole_and_taken_once(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    number = send(trial, HEADER + LINE)
    shown = preview(upload=number, by=trial.data_manager, at=NOW)
    assert ([one.value for one in shown.results], shown.rejects) == ([91.0], ())
    assert RecordVersion.objects.count() == 1, "a preview writes nothing"
    done = take(trial, number)
    assert (done.lines, done.versions, Upload.objects.count()) == (1, 1, 0)
    newest = records.versions(CODE, "screening", "screen", 0)[0]
    assert newest.answers is not None
    assert (newest.answers["egfr"], newest.answers["age"]) == (91.0, 44)
    again = take(trial, send(trial, HEADER + LINE))
    assert (again.versions, RecordVersion.objects.count()) == (0, 2)
    assert ImportedFile.objects.count() == 1
    assert verify().sound


BAD_LINES = [
    "S01-ZZZZZ-ZZZZZ,SCR,2026-03-02,EGFR,91,mL/min",
    f"{CODE},SCR,2026-03-02,UREA,91,mL/min",
    f"{CODE},SCR,2026-03-02,EGFR,91,furlong",
    f"{CODE},SCR,2026-03-02,EGFR,91,mg/L",
    f"{CODE},SCR,2026-03-02,EGFR,<5,mL/min",
    f"{CODE},SCR,2026-03-02,EGFR,=1+1,mL/min",
    "=cmd|x,SCR,2026-03-02,EGFR,91,mL/min",
    f"{CODE},SCR,2026-03-02,EGFR,9100,mL/min",
    f"{CODE},SCR,2026-03-05,EGFR,91,mL/min",
    f"{CODE},SCR,02/03/2026,EGFR,91,mL/min",
    f"{CODE},WEEK9,2026-03-02,EGFR,91,mL/min",
    f"{CODE},SCR,2026-03-02,EGFR,91",
    LINE.strip(),
]


def test_one_bad_line_stops_the_whole_file(trial: Cast) -> None:
    trial.enrol(CODE)
    trial.fill_in(CODE, "screening", ADULT)
    for line in BAD_LINES:
        number = send(trial, HEADER + LINE + line + "\n")
        shown = preview(upload=number, by=trial.data_manager, at=NOW)
        assert 3 in [one.line for one in shown.rejects], line
        assert all(one.why.get("zh-Hans") for one in shown.rejects)
        with pytest.raises(LinesRejected):
            take(trial, number)
    assert RecordVersion.objects.count() == 1


NO_FILES = [
    b"",
    b"PK\x03\x04" + b"\x00" * 40,
    b"\x1f\x8b" + b"x" * 40,
    HEADER.encode() + "试验".encode("gbk"),
    HEADER.encode(),
    b"CODE,CODE\n1,2\n",
    b"CODE;VISIT\n1;2\n",
    b"A,B\n1,2\n",
    HEADER.encode() + b'"open,1\n',
    HEADER.encode() + b"x," * 5 + b"y" * 2000 + b"\n",
    HEADER.encode() + LINE.encode() * 21_000,
    b"x" * (5 * 1024 * 1024 + 1),
]


def test_what_is_no_laboratory_file_is_refused_in_a_sentence(trial: Cast) -> None:
    for data in NO_FILES:
        with pytest.raises(FileRefused) as caught:
            send(trial, data)
        assert str(caught.value).endswith("Nothing was written.")
    assert not Upload.objects.exists()


def test_only_data_managers_take_files(trial: Cast) -> None:
    with pytest.raises(NotPermitted):
        send(trial, HEADER + LINE, by=trial.investigator)
    with pytest.raises(UnknownRecord):
        send(trial, HEADER + LINE, transfer="other")


def test_the_night_comes_once_a_day_and_drops_old_uploads(trial: Cast) -> None:
    trial.enrol(CODE)
    send(trial, HEADER + LINE)
    assert check_nightly(at=NOW + timedelta(days=1)) == 1
    assert check_nightly(at=NOW + timedelta(days=1, hours=1)) == 0
    assert not Upload.objects.exists()
