"""Tables: cells that cannot run, rows that can be read back, folders that are whole or absent."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.errors import FolderNotEmpty, RecordUnreadable, StorageFull
from equipoise.exchange.bundle import bundle
from equipoise.exchange.csv import write
from equipoise.exchange.csv.cells import field, harmless, original, text
from equipoise.exchange.csv.codebook import exported_forms
from equipoise.exchange.csv.tables import columns_of
from equipoise.protocol.forms import Form, Group, Item
from equipoise.protocol.frozen import Text
from exchange_source import ABOUT, FIRST, ONE, SECOND, TERM, TWO, ByHand, study, version


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write(study(), ByHand(), tmp_path / "out", about=ABOUT)
    return tmp_path / "out"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'"]
)
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless_and_comes_back(start: str) -> None:
    words = f"{start}cmd|' /C calc'!A0"
    assert harmless(words).startswith("'")
    assert original(harmless(words)) == words


@pytest.mark.parametrize("number", [-1, -2.5, 1e-07, -1e300, 0.1 + 0.2])
def test_numbers_are_written_as_they_are_and_read_back_the_same(number: float) -> None:
    assert float(text(number)) == number
    assert not text(number).startswith("'")


def test_a_negative_number_given_as_text_stays_and_a_sum_does_not() -> None:
    assert harmless("-1.5e-3") == "-1.5e-3"
    assert harmless("-1+1") == "'-1+1"
    assert harmless("-١") == "'-١"  # digits of another script are no number here


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_every_text_survives_a_table(words: str) -> None:
    table = io.StringIO(f"before,{field(words)},after\r\n", newline="")
    [[before, cell, after]] = csv.reader(table, strict=True)
    assert (before, original(cell), after) == ("before", words, "after")


def test_true_false_absent_and_several_codes() -> None:
    assert [text(one) for one in (True, False, None, ["a", "b"], 1, 1.0)] == [
        "true",
        "false",
        "",
        "a|b",
        "1",
        "1.0",
    ]


def test_each_form_has_a_table_with_its_items_in_order(out: Path) -> None:
    for form in study().forms.values():
        path = out / "forms" / f"{form.id}.csv"
        assert path.exists() == (form.audience == "blinded")
        if path.exists():
            header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
            assert header[9:] == [item.id for item in form.items()]
    assert not (out / "forms" / "screening.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_row_holds_the_newest_version(out: Path) -> None:
    first, second = rows(out / "forms" / "screening.csv")
    assert (first["participant"], first["version"], first["saved_by"]) == (ONE, "2", "chen")
    assert (first["age"], first["sex"], first["egfr"], first["ulcer_history"]) == (
        "45",
        "f",
        "",
        "false",
    )
    assert (second["participant"], second["status"], second["age"]) == (TWO, "redacted", "")


def test_a_formula_in_an_answer_reaches_the_table_as_text(out: Path) -> None:
    [event] = rows(out / "forms" / "event.csv")
    assert event["term"] == "'" + TERM
    assert original(event["term"]) == TERM
    [change] = [one for one in rows(out / "versions.csv") if one["item"] == "term"]
    assert original(change["new"]) == TERM


def test_the_audit_says_what_was_given_changed_and_taken_away(out: Path) -> None:
    audit = rows(out / "versions.csv")
    given = [one for one in audit if one["form"] == "screening" and one["version"] == "1"]
    assert {one["item"] for one in given if one["participant"] == ONE} == set(FIRST)
    changed = [one for one in audit if one["version"] == "2"]
    assert [(one["item"], one["old"], one["new"]) for one in changed] == [
        ("age", "44", "45"),
        ("egfr", "88.5", ""),
    ]
    assert {one["reason"] for one in changed} == {"typing mistake"}
    [gone] = [one for one in audit if one["participant"] == TWO]
    assert (gone["redacted"], gone["item"], gone["new"]) == ("true", "", "")


def test_a_version_that_changes_nothing_still_has_a_row(tmp_path: Path) -> None:
    same = tuple(version(ONE, "screening", 0, nth, dict(SECOND)) for nth in (1, 2))
    files = write(study(), ByHand(same), tmp_path / "out", about=ABOUT)
    audit = rows(tmp_path / "out" / "versions.csv")
    assert [one["item"] for one in audit if one["version"] == "2"] == [""]
    assert next(one.rows for one in files if one.path == "versions.csv") == len(audit)


def test_true_and_one_are_different_answers(tmp_path: Path) -> None:
    two = tuple(version(ONE, "screening", 0, n, {"age": v}) for n, v in ((1, 1), (2, True)))
    write(study(), ByHand(two), tmp_path / "out", about=ABOUT)
    assert rows(tmp_path / "out" / "versions.csv")[-1]["new"] == "true"


def test_every_checksum_size_and_row_count_is_that_of_the_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = write(study(), ByHand(), out, about=ABOUT)
    on_disk = {one.relative_to(out).as_posix() for one in out.rglob("*") if one.is_file()}
    assert {one.path for one in files} == on_disk
    sums = dict(
        reversed(line.split("  ")) for line in (out / "SHA256SUMS").read_text().splitlines()
    )
    for one in files:
        raw = (out / one.path).read_bytes()
        assert (len(raw), hashlib.sha256(raw).hexdigest()) == (one.bytes, one.sha256)
        assert sums.get(one.path, one.sha256) == one.sha256
        if one.path.endswith(".csv"):
            assert one.rows == len(rows(out / one.path))
    assert set(sums) == on_disk - {"SHA256SUMS"}


def test_every_line_of_the_ledger_is_json(out: Path) -> None:
    first, second = map(json.loads, (out / "ledger.jsonl").read_text().splitlines())
    assert (first["what"], first["payload"]) == ('op"ened', {"study": "x"})
    assert (second["payload"], second["salt"], second["subject"]) == (None, None, "s")


def test_the_codebook_explains_every_column_in_every_language(out: Path) -> None:
    book = {(one["file"], one["column"]): one for one in rows(out / "codebook.csv")}
    lists = {one["list"] for one in rows(out / "codelists.csv")}
    for path in (out / "forms").iterdir():
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        for column in header[9:]:
            said = book[f"forms/{path.name}", column]
            assert said["text.en"]
            assert said["text.zh-Hans"]
            assert said["origin"] == "proposal"
            assert not said["codes"] or said["codes"] in lists
    assert book["forms/screening.csv", "age"]["unit"] == "a"
    document = json.loads((out / "codebook.json").read_text(encoding="utf-8"))
    assert {(one["file"], one["column"]) for one in document["columns"]} == set(book)


def test_an_item_named_like_a_fixed_column_gets_a_name_of_its_own() -> None:
    words = Text({"en": "x"})
    items = (Item(id="on", text=words, type="date"), Item(id="age", text=words, type="integer"))
    group = Group(id="g", title=words, items=items)
    form = Form(id="f", title=words, groups=(group,), audience="blinded")
    assert columns_of(form) == {"on": "f.on", "age": "age"}


def test_arms_are_written_only_where_they_are_given(out: Path, tmp_path: Path) -> None:
    assert not (out / "allocation.csv").exists()
    released = ABOUT._replace(locked=ABOUT.at, unblinded=ABOUT.at)
    write(study(), ByHand(), tmp_path / "b", about=released, arms={ONE: ("high", None)})
    [row] = rows(tmp_path / "b" / "allocation.csv")
    assert (row["participant"], row["arm"], row["received"]) == (ONE, "high", "")
    assert "allocation.csv" in (tmp_path / "b" / "README.txt").read_text()


def test_an_answer_that_no_form_has_stops_the_export_and_leaves_nothing(tmp_path: Path) -> None:
    strange = (version(ONE, "screening", 0, 1, {"shoe_size": 42}),)
    with pytest.raises(RecordUnreadable, match="shoe_size"):
        write(study(), ByHand(strange), tmp_path / "a" / "out", about=ABOUT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", ["", "[1]", "{", '"x"'])
def test_a_document_that_is_no_object_stops_the_export(tmp_path: Path, data: str) -> None:
    broken = (version(ONE, "screening", 0, 1, {})._replace(data=data),)
    with pytest.raises(RecordUnreadable):
        write(study(), ByHand(broken), tmp_path / "out", about=ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_a_record_of_an_unblinded_form_stops_the_export(tmp_path: Path) -> None:
    leak = (version(ONE, "handout", 1, 1, {"lot": "L1"}),)
    with pytest.raises(RecordUnreadable):
        write(study(), ByHand(leak), tmp_path / "out", about=ABOUT)


def test_a_folder_that_holds_something_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        write(study(), ByHand(), tmp_path / "out", about=ABOUT)
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["mine"]


def test_an_empty_folder_is_used_and_a_file_or_link_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(study(), ByHand(), tmp_path / "empty", about=ABOUT)
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("file", "link"):
        with pytest.raises(FolderNotEmpty), bundle(tmp_path / name):
            pass
    for path in (tmp_path / "file" / "below", Path("/proc/no/such"), tmp_path / ("n" * 300)):
        with pytest.raises((StorageFull, FolderNotEmpty)), bundle(path):
            pass


def test_an_interruption_leaves_nothing_not_even_the_parents(tmp_path: Path) -> None:
    def stopped() -> None:
        with bundle(tmp_path / "a" / "b" / "out") as files:
            files.add("x.txt", "half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(tmp_path.iterdir()) == []


def test_forms_without_the_schedule_are_exported_too() -> None:
    whole = study()
    bare = replace(whole, protocol=replace(whole.protocol, schedule=()))
    assert {one.id for one in exported_forms(bare)} == {one.id for one in exported_forms(whole)}
