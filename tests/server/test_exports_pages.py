"""Taking data along from the pages: the whole study, and what a centre keeps of its own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from equipoise.errors import FolderNotEmpty, NotPermitted, UnknownRecord
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.records.redact import redact
from equipoise_server.services.trial.site_copy import site_copy
from equipoise_server.store.models import LedgerEntry, User
from equipoise_server.store.save import Place
from server.cast import ADULT, NOW, Cast, key, lock_unfinished
from server.pages import everybody, signed_in

OWN, OTHER = "S01-AAAAA-AAAAA", "S02-BBBBB-BBBBB"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def two_sites(trial: Cast) -> Cast:
    """A randomised participant here, one who is screened elsewhere."""
    here = trial.make_eligible(trial.enrol(OWN))
    trial.fill_in(here, "screening", {**ADULT, "age": 41}, reason="typed wrongly")
    randomise(participant=here, by=trial.investigator, at=NOW, key=key())
    there = trial.enrol(OTHER, site="s02")
    trial.fill_in(there, "screening", ADULT, by=trial.elsewhere)
    return trial


def files_of(answer: Any) -> dict[str, bytes]:
    """The files of an archive that came as an answer, without the folder around them."""
    assert answer.status_code == 200
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert packed.testzip() is None
    return {name.split("/", 1)[1]: packed.read(name) for name in packed.namelist()}


def rows(found: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found[name].decode())))


def copied(user: User, site: str = "s01") -> dict[str, bytes]:
    return files_of(signed_in(user).post("/en/exports/site/", {"site": site}))


def test_a_centre_takes_all_of_its_own_and_nothing_of_another(two_sites: Cast) -> None:
    found = copied(two_sites.investigator)
    assert [one["participant"] for one in rows(found, "participants.csv")] == [OWN]
    assert {one["participant"] for one in rows(found, "versions.csv")} == {OWN}
    assert [one["site"] for one in rows(found, "sites.csv")] == ["s01"]
    chains = {json.loads(line)["chain"] for line in found["ledger.jsonl"].splitlines()}
    assert chains == {OWN}
    assert not any(OTHER.encode() in content for content in found.values())
    page = found[f"records/{OWN}.html"].decode()
    assert "41" in page and two_sites.investigator.full_name in page  # noqa: PT018
    assert page.count("<article") == len(
        {(one["form"], one["visit"], one["number"]) for one in rows(found, "versions.csv")}
    )
    listed = dict(line.split("  ")[::-1] for line in found["SHA256SUMS"].decode().splitlines())
    for name, content in found.items():
        assert name == "SHA256SUMS" or listed[name] == hashlib.sha256(content).hexdigest()


def test_a_copy_stands_in_the_ledger_and_looking_does_not(two_sites: Cast) -> None:
    before = LedgerEntry.objects.filter(what="exported").count()
    client = signed_in(two_sites.investigator)
    assert client.get("/en/exports/").status_code == 200
    assert client.get("/en/exports/site/").status_code == 302
    assert LedgerEntry.objects.filter(what="exported").count() == before
    copied(two_sites.investigator)
    entry = LedgerEntry.objects.filter(what="exported").latest("sequence")
    assert LedgerEntry.objects.filter(what="exported").count() == before + 1
    assert json.loads(entry.payload.data)["site"] == "s01"


def test_a_centre_takes_its_copy_after_the_lock_too(two_sites: Cast) -> None:
    first, second = (
        Agreed(by=person, reason="done")
        for person in (two_sites.data_manager, two_sites.statistician)
    )
    lock_unfinished(first=first, second=second, at=NOW, key=key())
    found = copied(two_sites.investigator)
    assert rows(found, "participants.csv")
    assert "allocation.csv" not in found


@pytest.mark.parametrize("site", ["s02", "s99", "", "../s01"])
def test_nobody_takes_the_copy_of_another_centre(two_sites: Cast, site: str) -> None:
    answer = signed_in(two_sites.investigator).post("/en/exports/site/", {"site": site})
    assert answer.status_code in (403, 404, 409)
    assert OTHER not in answer.content.decode()


@pytest.mark.once
def test_each_role_is_offered_what_it_may_take(two_sites: Cast) -> None:
    people = everybody(two_sites)
    for role, person in people.items():
        client = signed_in(person)
        answer = client.get("/en/exports/")
        whole = role in ("statistician", "data manager", "sponsor")
        assert answer.status_code == (200 if whole or role == "investigator" else 403), role
        assert (b'name="kind"' in answer.content) is whole
        assert (b'name="site"' in answer.content) is (role == "investigator")
        taken = client.post("/en/exports/study/", {"kind": "csv"})
        assert taken.status_code == (200 if whole else 403), role
        if whole:
            found = files_of(taken)
            assert {one["participant"] for one in rows(found, "participants.csv")} == {OWN, OTHER}
            assert "allocation.csv" not in found


@pytest.mark.once
@pytest.mark.parametrize("kind", ["", "xpt", "../csv", "csv\x00", "nonsense" * 50])
def test_a_format_that_is_not_there_is_refused_in_words(two_sites: Cast, kind: str) -> None:
    answer = signed_in(two_sites.statistician).post("/en/exports/study/", {"kind": kind})
    assert answer.status_code in (400, 404, 409)
    assert b"Traceback" not in answer.content


def test_the_service_refuses_what_it_cannot_do(two_sites: Cast, tmp_path: Any) -> None:
    given = {"language": "en", "by": two_sites.investigator, "at": NOW}
    with pytest.raises(UnknownRecord):
        site_copy(site="s99", out=tmp_path / "a", **given)
    with pytest.raises(NotPermitted):
        site_copy(site="s02", out=tmp_path / "a", **given)
    assert not (tmp_path / "a").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").touch()
    with pytest.raises(FolderNotEmpty):
        site_copy(site="s01", out=tmp_path / "full", **given)


def test_what_was_redacted_is_in_no_copy_and_the_rest_is(two_sites: Cast) -> None:
    typed = {**ADULT, "age": 41, "egfr": 77.125}
    two_sites.fill_in(OWN, "screening", typed, reason="measured again", at=LATER)
    before = copied(two_sites.investigator)
    assert b"77.125" in before[f"records/{OWN}.html"]
    redact(
        Place(participant=OWN, form="screening", visit="screen"),
        items=("egfr",),
        first=Agreed(by=two_sites.data_manager, reason="names the person"),
        second=Agreed(by=two_sites.investigator, reason="seen at the site"),
        at=LATER,
        key=key(),
    )
    found = copied(two_sites.investigator)
    assert [name for name, content in found.items() if b"77.125" in content] == []
    assert b"41" in found[f"records/{OWN}.html"]
