"""Exporting: rows and values equal the database, nothing blinded leaves, one moment is read."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
from django.db import connections

from equipoise.digest import sha256
from equipoise.errors import FolderNotEmpty, NotBuilt, NotPermitted, UnknownRecord
from equipoise.exchange.csv.cells import original, text
from equipoise_server.allocator import client
from equipoise_server.commands import export as verb
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.report_event import report_event
from equipoise_server.services.supply.dispense import dispense
from equipoise_server.services.trial.export import LATER, Stored, export, one_moment
from equipoise_server.services.trial.unblind import unblind
from equipoise_server.services.verify import verify
from equipoise_server.store.models import LedgerEntry, Participant, RecordVersion
from server.cast import ADULT, NOW, TODAY, Cast, bring_everything_back, key, lock_unfinished

NASTY = '=cmd|" /C calc"!A0\n第二行, "quoted"\t'
LOT = "LOT-CANARY-7731"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def run_in(trial: Cast) -> dict[str, str]:
    """Two people randomised, one record corrected, a formula reported; participant to kit."""
    kits = {}
    for code in ("S01-AAAAA-AAAAA", "S01-BBBBB-BBBBB"):
        trial.make_eligible(trial.enrol(code))
        kits[code] = randomise(participant=code, by=trial.investigator, at=NOW, key=key())
        dispense(participant=code, by=trial.nurse, at=NOW, key=key())
    first = next(iter(kits))
    trial.fill_in(first, "screening", {**ADULT, "egfr": -0.0 + 71.25, "age": 45}, reason="typing")
    event = {"term": NASTY, "grade": 2, "serious": False, "outcome": "ongoing", "onset": TODAY}
    report_event(participant=first, values=event, on=TODAY, by=trial.nurse, at=NOW, key=key())
    client.register_unblinded(
        username=trial.pharmacist.username, role="pharmacist", by="admin", at=NOW
    )
    client.record_unblinded(
        participant=first,
        form="handout",
        number=1,
        document={"lot": LOT},
        by=trial.pharmacist.username,
        at=NOW,
        key=key(),
    )
    return kits


def close(trial: Cast, *, release: bool) -> None:
    persons = {
        "first": Agreed(by=trial.data_manager, reason="all is clean"),
        "second": Agreed(by=trial.statistician, reason="all is clean"),
    }
    bring_everything_back(trial)
    lock_unfinished(**persons, at=NOW, key=key())
    if release:
        unblind(**persons, at=NOW, key=key())


def to(trial: Cast, kind: str, out: Path) -> Path:
    export(kind, out=out, by=trial.statistician, at=NOW)
    return out


@contextmanager
def nobody_opens_the_vault() -> Iterator[None]:
    def refuse(*_: Any) -> Any:
        raise AssertionError("the vault was read")

    with connections["vault"].execute_wrapper(refuse):
        yield


def test_rows_and_values_equal_the_database(trial: Cast, tmp_path: Path) -> None:
    run_in(trial)
    out = to(trial, "csv", tmp_path / "out")
    found = {}
    for path in (out / "forms").iterdir():
        for row in table(path):
            found[row["participant"], path.stem, row["visit"], int(row["number"])] = row
    newest: dict[tuple[Any, ...], tuple[RecordVersion, dict[str, Any]]] = {}
    for version in RecordVersion.objects.select_related("record", "payload").order_by("version"):
        one = version.record
        identity = (one.participant_id, one.form, one.visit, one.number)
        newest[identity] = (version, json.loads(version.payload.data))
    assert found.keys() == newest.keys()
    for identity, (version, document) in newest.items():
        row = found[identity]
        assert (row["version"], row["saved_by"]) == (str(version.version), version.by)
        assert (row["on"], row["status"]) == (version.on.isoformat(), version.record.status)
        for item in trial.study.forms[identity[1]].items():
            value = document.get(item.id)
            assert row[item.id] == text(value), item.id
            if item.type == "text" and value is not None:
                assert original(row[item.id]) == value
    assert len(table(out / "participants.csv")) == Participant.objects.count()


def test_replaying_the_audit_gives_the_newest_answers(trial: Cast, tmp_path: Path) -> None:
    run_in(trial)
    out = to(trial, "csv", tmp_path / "out")
    held: dict[tuple[str, ...], dict[str, str]] = {}
    versions = set()
    for row in table(out / "versions.csv"):
        identity = (row["participant"], row["form"], row["visit"], row["number"])
        versions.add((*identity, row["version"]))
        answers = held.setdefault(identity, {})
        if row["item"]:
            assert answers.get(row["item"], "") == row["old"]
            answers[row["item"]] = row["new"]
    assert len(versions) == RecordVersion.objects.count()
    for identity, answers in held.items():
        rows = table(out / "forms" / f"{identity[1]}.csv")
        [row] = [r for r in rows if (r["participant"], r["visit"], r["number"]) == (identity[0], *identity[2:])]  # fmt: skip
        assert {name: row[name] for name in answers} == answers


def test_the_ledger_can_be_verified_from_the_export_alone(trial: Cast, tmp_path: Path) -> None:
    run_in(trial)
    out = to(trial, "csv", tmp_path / "out")
    last: dict[str, str] = {}
    lines = (out / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == LedgerEntry.objects.count()
    for line in map(json.loads, lines):
        names = ("chain", "sequence", "previous", "what", "by", "at", "subject", "payload_digest")
        assert sha256([line[name] for name in names]) == line["digest"]
        assert line["previous"] == last.get(
            line["chain"], sha256(["equipoise/chain", line["chain"]])
        )
        last[line["chain"]] = line["digest"]
        if line["salt"]:
            data = json.dumps(
                line["payload"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
            )
            made = hmac.new(line["salt"].encode(), data.encode(), hashlib.sha256)
            assert made.hexdigest() == line["payload_digest"]


@pytest.mark.parametrize("kind", ["csv", "odm", "fhir", "ctgov", "who24"])
@pytest.mark.parametrize("locked", [False, True])
def test_a_blinded_export_reads_no_vault_and_holds_no_secret(
    kind: str, locked: bool, trial: Cast, tmp_path: Path
) -> None:
    run_in(trial)
    if locked:
        close(trial, release=False)
    with nobody_opens_the_vault():
        out = to(trial, kind, tmp_path / "out")
    assert not (out / "allocation.csv").exists()
    for path in out.rglob("*"):
        if path.is_file():
            assert LOT.encode() not in path.read_bytes()
            assert not path.stem.endswith("handout")


def test_no_table_of_a_blinded_export_names_an_arm(trial: Cast, tmp_path: Path) -> None:
    run_in(trial)
    out = to(trial, "csv", tmp_path / "out")
    arms = [arm.id for arm in trial.study.protocol.arms if arm.id != "low"]
    products = [arm.product for arm in trial.study.protocol.arms]
    for path in (out / "participants.csv", out / "versions.csv", out / "ledger.jsonl"):
        content = path.read_text(encoding="utf-8")
        assert not [word for word in (*arms, *products) if f'"{word}"' in content or f",{word}" in content]  # fmt: skip


def test_the_allocation_is_added_once_it_was_released(trial: Cast, tmp_path: Path) -> None:
    kits = run_in(trial)
    close(trial, release=True)
    out = to(trial, "csv", tmp_path / "out")
    rows = table(out / "allocation.csv")
    assert {row["participant"]: row["arm"] for row in rows} == client.released()
    assert {row["participant"]: row["received"] for row in rows} == client.received()
    assert {row["participant"] for row in rows} == set(kits)
    assert LOT.encode() not in b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())


def test_odm_holds_every_version(trial: Cast, tmp_path: Path) -> None:
    run_in(trial)
    out = to(trial, "odm", tmp_path / "out")
    root = ElementTree.parse(out / "odm.xml").getroot()
    space = "{http://www.cdisc.org/ns/odm/v1.3}"
    assert len(list(root.iter(f"{space}FormData"))) == RecordVersion.objects.count()
    assert len(list(root.iter(f"{space}SubjectData"))) == Participant.objects.count()
    values = [one.get("Value") for one in root.iter(f"{space}ItemData")]
    assert NASTY.strip() in values


def test_an_export_stands_in_the_ledger_and_the_store_still_verifies(
    trial: Cast, tmp_path: Path
) -> None:
    run_in(trial)
    out = to(trial, "csv", tmp_path / "out")
    entry = LedgerEntry.objects.get(what="exported")
    assert (entry.chain, entry.by) == ("study", trial.statistician.username)
    assert json.loads(entry.payload.data)["to"] == "csv"
    assert entry.digest in (out / "ledger.jsonl").read_text()
    assert verify().sound


def test_who_may_not_gets_nothing_and_leaves_no_trace(trial: Cast, tmp_path: Path) -> None:
    for person in (trial.investigator, trial.nurse, trial.pharmacist, trial.administrator):
        with pytest.raises(NotPermitted):
            export("csv", out=tmp_path / "out", by=person, at=NOW)
    assert not LedgerEntry.objects.filter(what="exported").exists()
    assert not list(tmp_path.glob("*out*"))


def test_what_is_not_built_unknown_or_in_the_way_is_refused_first(
    trial: Cast, tmp_path: Path
) -> None:
    for kind in LATER:
        with pytest.raises(NotBuilt, match=kind):
            export(kind, out=tmp_path / "out", by=trial.statistician, at=NOW)
    for kind in ("", "CSV", "x" * 1000):
        with pytest.raises(UnknownRecord):
            export(kind, out=tmp_path / "out", by=trial.statistician, at=NOW)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        export("csv", out=tmp_path / "full", by=trial.statistician, at=NOW)
    assert not LedgerEntry.objects.filter(what="exported").exists()


def test_an_export_readsone_moment_while_others_go_on_saving(trial: Cast) -> None:
    run_in(trial)

    def save() -> None:
        trial.enrol("S01-CCCCC-CCCCC")
        connections.close_all()

    with one_moment():
        before = [len(list(Stored().versions())), len(list(Stored().entries()))]
        other = Thread(target=save)
        other.start()
        other.join(timeout=300)
        assert not other.is_alive()
        assert [len(list(Stored().versions())), len(list(Stored().entries()))] == before
        assert len(list(Stored().participants())) == 2
    assert Participant.objects.count() == 3


def test_a_reader_that_stops_early_leaves_the_connection_usable(trial: Cast) -> None:
    run_in(trial)
    with one_moment():
        for lines in (Stored().participants(), Stored().versions(), Stored().entries()):
            next(iter(lines))
            lines.close() if hasattr(lines, "close") else None
    assert Participant.objects.count() == 2


def run_verb(trial: Cast, kind: str, out: Path) -> Any:
    (trial.instance.folder / "secret.key").write_text("x" * 64)
    app = typer.Typer()
    app.callback()(lambda: None)
    verb.register(app)
    arguments = ["export", "--to", kind, "--out", str(out), "--by", trial.statistician.username]
    folder = str(trial.instance.folder)
    return app([*arguments, "--dir", folder, "--json"], standalone_mode=False)


def test_the_verb_lists_every_file_with_its_digest(
    trial: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_in(trial)
    out = tmp_path / "out"
    assert not run_verb(trial, "csv", out)
    answer = json.loads(capsys.readouterr().out)
    on_disk = {one.relative_to(out).as_posix() for one in out.rglob("*") if one.is_file()}
    assert {one["path"] for one in answer["files"]} == on_disk
    for one in answer["files"]:
        raw = (out / one["path"]).read_bytes()
        assert set(one) == {"path", "bytes", "sha256", "rows"}
        assert (one["bytes"], one["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())


def test_an_incomplete_registration_leaves_with_exit_code_one(
    trial: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb(trial, "who24", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["files"][0]["rows"] == 24
    assert "missing: 1, 2" in told.err


def test_what_is_saved_later_is_in_the_next_export(trial: Cast, tmp_path: Path) -> None:
    code = trial.make_eligible(trial.enrol())
    first = to(trial, "csv", tmp_path / "first")
    later = NOW + timedelta(hours=1)
    trial.fill_in(code, "screening", {**ADULT, "age": 46}, reason="typing", at=later)
    second = to(trial, "csv", tmp_path / "second")
    ages = [table(one / "forms" / "screening.csv")[0]["age"] for one in (first, second)]
    assert ages == ["44", "46"]
