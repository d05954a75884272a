"""The drill: back up while people work, lose the machine, restore, verify, and forget the erased."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from django.db import connections

from equipoise.errors import BackupUnreadable, FolderNotEmpty, UnknownRecord, UnsafeDatabase
from equipoise_server.identity import keyring, people
from equipoise_server.services.backup import archive, making, restoring
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Participant, RecordVersion
from server import conftest
from server.cast import NOW, Cast, key

CANARY = "Zhāng Canary-7719"
_names = count(1)


@pytest.fixture
def elsewhere(
    template: SimpleNamespace, tmp_path: Path
) -> Iterator[Callable[[str], Callable[[Path], None]]]:
    """Readies an empty place on this engine for an instance to be put back."""
    made: list[str] = []

    def place(folder: Path) -> None:
        url = None
        if template.server:
            name = f"back{os.getpid()}n{next(_names)}"
            conftest._create(template.server, name)
            made.append(name)
            url = template.server.replace("/postgres?", f"/{name}?")
        conftest.use(folder, url)

    yield lambda _name: place
    connections.close_all()
    for name in made:
        drop = [f'DROP DATABASE "{name}{end}" WITH (FORCE)' for end in conftest.SUFFIXES]
        conftest._execute(template.server, drop)


@pytest.fixture
def running(trial: Cast) -> Cast:
    """A trial with one participant, whose name is known, in a folder with all its keys."""
    (trial.instance.folder / "secret.key").write_text("s" * 64)
    code = trial.make_eligible(trial.enrol())
    randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    people.remember(people.Identity(participant=code, name=CANARY, contact="c@example.org"), at=NOW)
    return trial


@contextmanager
def somebody_working(trial: Cast) -> Iterator[list[int]]:
    """Saves one record again and again, in a thread of its own; gives the versions acknowledged."""
    saved: list[int] = []
    stop = Event()

    def work() -> None:
        try:
            code = trial.enrol("S01-BBBBB-BBBBB")
            while not stop.is_set():
                age = 30 + len(saved) % 2
                made = trial.fill_in(code, "screening", {"age": age, "sex": "f"}, reason="again")
                saved.append(made.version)
        finally:
            connections.close_all()

    worker = Thread(target=work)
    worker.start()
    try:
        while len(saved) < 3 and worker.is_alive():
            stop.wait(0.01)
        yield saved
    finally:
        stop.set()
        worker.join()


def test_a_backup_under_load_restores_whole_and_verifies(running, elsewhere, tmp_path):
    with somebody_working(running) as saved:
        before = saved[-1]
        made = making.make(tmp_path / "one.backup", tmp_path / "keys", at=NOW)
        assert len(saved) >= before
    assert made.left_out == ()
    assert made.data.sha256 == archive.digest_of(tmp_path / "one.backup")
    back = tmp_path / "elsewhere"
    found = restoring.restore(
        tmp_path / "one.backup", tmp_path / "keys", back, open_it=elsewhere("a")
    )
    assert (found.participants, found.entries) == (made.participants, made.entries)
    assert found.participants == Participant.objects.count()
    newest = RecordVersion.objects.filter(record__participant="S01-BBBBB-BBBBB").count()
    assert newest >= before
    assert verify().sound
    assert people.recall("S01-AAAAA-AAAAA").name == CANARY


def test_the_backup_of_the_data_does_not_say_who_anybody_is(running, tmp_path):
    making.make(tmp_path / "one.backup", tmp_path / "keys", at=NOW)
    for name in ("one.backup", "keys"):
        with tarfile.open(tmp_path / name) as tar:
            content = b"".join(tar.extractfile(one).read() for one in tar)
        assert CANARY.encode() not in content
    with tarfile.open(tmp_path / "one.backup") as tar:
        assert not [name for name in tar.getnames() if name.endswith(".key") or "keys" in name]
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


def test_who_was_erased_stays_erased_once_the_keys_are_backed_up_again(
    running, elsewhere, tmp_path
):
    code = "S01-AAAAA-AAAAA"
    making.make(tmp_path / "old.backup", tmp_path / "keys", at=NOW)
    assert keyring.backed_up().path == str(tmp_path / "keys")
    before = (tmp_path / "keys").read_bytes()
    people.erase(code)
    making.make(tmp_path / "new.backup", tmp_path / "keys", at=NOW)
    assert (tmp_path / "keys").read_bytes() != before
    restoring.restore(
        tmp_path / "old.backup", tmp_path / "keys", tmp_path / "back", open_it=elsewhere("b")
    )
    with pytest.raises(UnknownRecord):
        people.recall(code)
    assert verify().sound


def key_is_stored(wrapped: bytes) -> bool:
    """Whether these bytes are anywhere in the key store: in its files, or a row, dead or alive."""
    connection = connections["keys"]
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        return any(wrapped in one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    keyring.sweep()
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM keys_personkey")
        return wrapped in [bytes(row[0]) for row in cursor.fetchall()]


def test_a_forgotten_key_is_nowhere_in_the_key_store(running):
    wrapped = bytes(keyring.PersonKey.objects.using("keys").get().wrapped)
    assert key_is_stored(wrapped)
    people.erase("S01-AAAAA-AAAAA")
    assert not key_is_stored(wrapped)


def changed(path: Path, out: Path, edit: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The same archive with one file changed, renamed or left out."""
    with tarfile.open(path) as old, tarfile.open(out, "w:gz") as new:
        for one in old:
            kept = edit(one.name, old.extractfile(one).read())
            if kept is not None:
                entry = tarfile.TarInfo(kept[0])
                entry.size = len(kept[1])
                new.addfile(entry, io.BytesIO(kept[1]))
    return out


def of_format(name: str, content: bytes) -> tuple[str, bytes]:
    if name != archive.LIST:
        return name, content
    return name, json.dumps({**json.loads(content), "format": 99}).encode()


EDITS = {
    "a changed file": lambda n, c: (n, c[:-1] + b"?") if n.endswith("protocol.yaml") else (n, c),
    "a file left out": lambda n, c: None if n.endswith("protocol.yaml") else (n, c),
    "a way out": lambda n, c: (f"../{n}", c) if n.endswith("protocol.yaml") else (n, c),
    "no list": lambda n, c: None if n == archive.LIST else (n, c),
    "another format": of_format,
    "a list that is none": lambda n, c: (n, b"{}") if n == archive.LIST else (n, c),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_damaged_backup_is_refused_and_nothing_is_written(tmp_path, edit):
    data = tmp_path / "data"
    data.mkdir()
    (data / "protocol.yaml").write_text("x" * 5000)
    archive.write(tmp_path / "good", data, {"at": NOW, "left_out": []})
    bad = changed(tmp_path / "good", tmp_path / "bad", EDITS[edit])
    with pytest.raises(BackupUnreadable):
        restoring.restore(bad, tmp_path / "good", tmp_path / "back", open_it=pytest.fail)
    assert not (tmp_path / "back").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bad", "data", "good"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"0" * 100, b"\x1f\x8b" + b"0" * 500])
def test_a_file_that_is_no_backup_is_refused(tmp_path, content):
    (tmp_path / "no").write_bytes(content)
    with pytest.raises(BackupUnreadable):
        restoring.restore(tmp_path / "no", tmp_path / "no", tmp_path / "back", open_it=pytest.fail)


def test_nothing_that_is_there_is_overwritten(running, elsewhere, tmp_path):
    making.make(tmp_path / "one.backup", tmp_path / "keys", at=NOW)
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        restoring.restore(tmp_path / "one.backup", tmp_path / "keys", full, open_it=pytest.fail)
    assert (full / "mine").read_text() == "mine"
    url, folder = running.instance.url, running.instance.folder
    if url:
        with pytest.raises(UnsafeDatabase):
            restoring.restore(
                tmp_path / "one.backup",
                tmp_path / "keys",
                tmp_path / "back",
                open_it=lambda place: conftest.use(place, url),
            )
        conftest.use(folder, url)
        assert verify().sound
