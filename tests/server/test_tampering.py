"""Somebody with the files in hand changes them: verification names the row."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, DataError, connection, connections

from equipoise.errors import SealBroken
from equipoise_server.services.verify import Verification, verify
from equipoise_server.store import checkpoint
from server.cast import ADULT, NOW, Cast

TABLES = (
    "store_ledgerentry",
    "store_ledgerpayload",
    "store_recordversion",
    "store_recordpayload",
)
EXAMPLES = 6  # bytes changed per column


@pytest.fixture
def written(trial: Cast) -> Cast:
    for site, code in (("s01", "S01-AAAAA-AAAAA"), ("s02", "S02-BBBBB-BBBBB")):
        trial.make_eligible(trial.enrol(code, site), egfr=None)
        by = trial.investigator if site == "s01" else trial.elsewhere
        trial.fill_in(code, "screening", {**ADULT, "age": 51}, by=by, reason="corrected é")
    assert verify().sound
    return trial


class Hand:
    """Direct access to the database, past every guard."""

    def __init__(self) -> None:
        connections.close_all()
        self.sqlite = connection.vendor == "sqlite"
        name = connection.settings_dict["NAME"]
        if self.sqlite:
            self.raw = sqlite3.connect(name, isolation_level=None)
            self.triggers = self.run("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            for trigger, _ in self.triggers:
                self.run(f"DROP TRIGGER {trigger}")

    def run(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        if self.sqlite:
            return self.raw.execute(statement.replace("%s", "?"), values).fetchall()
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def accepts(self, statement: str, *values: object) -> bool:
        """Whether the engine itself lets it through: a unique key or a range may refuse it."""
        try:
            self.run(statement, *values)
        except (sqlite3.IntegrityError, DatabaseError) as problem:
            return "unique" not in str(problem).lower() and "out of range" not in str(problem)
        return True

    def done(self) -> None:
        if self.sqlite:
            for _, statement in self.triggers:
                self.run(str(statement))
            self.raw.close()
        else:
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def hand(written: Cast) -> Iterator[Hand]:
    hand = Hand()
    yield hand
    connections.close_all()


def columns(hand: Hand, table: str) -> list[str]:
    if hand.sqlite:
        return [str(row[1]) for row in hand.run(f"PRAGMA table_info({table})")]
    return [
        str(name)
        for (name,) in hand.run(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "ORDER BY ordinal_position",
            table,
        )
    ]


def changed(value: object, chance: random.Random) -> object:
    """The value with one byte different; numbers with one bit."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(10))
    if not value:
        return "x"
    text = str(value)
    place = chance.randrange(len(text))
    other = chr((ord(text[place]) ^ (1 << chance.randrange(5))) & 0x7F)
    if other == text[place] or other == "\x00":
        other = "~"
    return text[:place] + other + text[place + 1 :]


def named(found: Verification) -> list[str]:
    """The tables of the rows that were found; guards that the hand took off do not count."""
    return [one.table for one in found.broken if "trigger" not in one.why]


@pytest.mark.parametrize("table", TABLES)
def test_any_changed_byte_is_found_and_named(hand: Hand, table: str) -> None:
    chance = random.Random(7)
    rows = hand.run(f"SELECT * FROM {table}")
    names = columns(hand, table)
    key = names[0]
    for column, name in enumerate(names):
        for row in chance.sample(rows, min(EXAMPLES, len(rows))):
            value = changed(row[column], chance)
            where = value if name == key else row[0]
            update = f'UPDATE {table} SET "{name}" = %s WHERE "{key}" = %s'
            if not hand.accepts(update, value, row[0]):
                continue
            assert named(verify()), f"{table}.{name}: {row[column]!r} became {value!r}"
            hand.run(update, row[column], where)
    hand.done()
    assert verify().sound


def test_bytes_that_are_not_text_any_more_are_named(hand: Hand) -> None:
    if not hand.sqlite:
        with pytest.raises(DataError):
            hand.run("UPDATE store_recordpayload SET data = convert_from('\\xC328', 'UTF8')")
        return
    for table, column in (("store_recordpayload", "data"), ("store_ledgerentry", "by")):
        key = columns(hand, table)[0]
        row, old = hand.run(f'SELECT "{key}", "{column}" FROM {table} LIMIT 1')[0]
        hand.run(f'UPDATE {table} SET "{column}" = CAST(X\'C328\' AS TEXT) WHERE "{key}" = %s', row)
        assert named(verify())[0] == table
        hand.run(f'UPDATE {table} SET "{column}" = %s WHERE "{key}" = %s', old, row)
    hand.done()
    assert verify().sound


def test_a_missing_trigger_is_named(hand: Hand) -> None:
    if hand.sqlite:
        assert "trigger" in verify().broken[0].why
    else:
        hand.run("ALTER TABLE store_ledgerentry DISABLE TRIGGER store_ledgerentry_no_update")
        assert verify().broken[0].row == "store_ledgerentry_no_update"


@pytest.mark.parametrize(
    "table", ["store_recordversion", "store_recordpayload", "store_ledgerpayload"]
)
def test_a_row_taken_away_is_named(hand: Hand, table: str) -> None:
    key = columns(hand, table)[0]
    row = hand.run(f'SELECT "{key}" FROM {table} LIMIT 1')[0][0]
    if not hand.sqlite:
        hand.run("SET session_replication_role = replica")
    hand.run(f'DELETE FROM {table} WHERE "{key}" = %s', row)
    hand.done()
    assert table in named(verify())


def test_a_state_that_the_ledger_does_not_give_is_named(hand: Hand) -> None:
    hand.run("UPDATE store_participant SET status = 'randomised' WHERE site_id = 's02'")
    hand.run(
        "UPDATE store_record SET version = 1 WHERE version = 2 AND participant_id LIKE 'S01%%'"
        if not hand.sqlite
        else "UPDATE store_record SET version = 1 WHERE version = 2 AND participant_id LIKE 'S01%'"
    )
    hand.done()
    found = verify()
    assert [(one.of, one.column) for one in found.differences] == [("S02-BBBBB-BBBBB", "status")]
    assert set(named(found)) == {"store_record"}


def cut(hand: Hand, where: str) -> None:
    """Remove ledger rows and what hangs on them, as an attacker would, without a trace."""
    chosen = f"SELECT digest FROM store_ledgerentry WHERE {where}"
    subjects = f"SELECT subject FROM store_ledgerentry WHERE {where}"
    hand.run(f"DELETE FROM store_recordpayload WHERE version_id IN ({subjects})")
    hand.run(f"DELETE FROM store_recordversion WHERE digest IN ({subjects})")
    hand.run(f"DELETE FROM store_ledgerpayload WHERE entry_id IN ({chosen})")
    hand.run(f"DELETE FROM store_ledgerentry WHERE {where}")


def test_only_the_checkpoint_shows_a_cut_tail(written: Cast) -> None:
    file = checkpoint.write(NOW)
    hand = Hand()
    cut(hand, "chain = 'S01-AAAAA-AAAAA' AND sequence = 5")
    hand.run(
        "UPDATE store_record SET version = 1, current = (SELECT digest FROM store_recordversion v "
        "WHERE v.record_id = store_record.id AND v.version = 1) "
        "WHERE participant_id = 'S01-AAAAA-AAAAA' AND form = 'screening'"
    )
    hand.done()
    assert verify().broken == ()
    [broken] = verify(file).broken
    assert broken.row == "S01-AAAAA-AAAAA"
    assert "has 5 entries" in broken.why


def test_only_the_checkpoint_shows_a_chain_that_is_gone(written: Cast) -> None:
    file = checkpoint.write(NOW)
    hand = Hand()
    cut(hand, "chain = 'S02-BBBBB-BBBBB'")
    hand.run("DELETE FROM store_record WHERE participant_id = 'S02-BBBBB-BBBBB'")
    hand.run("DELETE FROM store_participant WHERE code = 'S02-BBBBB-BBBBB'")
    hand.done()
    assert verify().sound
    [broken] = verify(file).broken
    assert (broken.row, "gone" in broken.why) == ("S02-BBBBB-BBBBB", True)


def test_a_restored_older_copy_is_found_by_the_checkpoint(written: Cast) -> None:
    hand = Hand()
    hand.done()
    older: dict[str, list[tuple[object, ...]]] = {
        chain: [(length, head)] for chain, (length, head) in checkpoint.heads().items()
    }
    written.fill_in("S01-AAAAA-AAAAA", "symptoms", {"pain": 1})
    written.enrol("S01-CCCCC-CCCCC")
    file = checkpoint.write(NOW + timedelta(hours=1))
    hand = Hand()
    if hand.sqlite:  # the same rows as before: everything later is gone
        for chain, [(length, _)] in older.items():
            cut(hand, f"chain = '{chain}' AND sequence > {length}")
    cut(hand, "chain = 'S01-CCCCC-CCCCC'")
    hand.done()
    assert {"S01-CCCCC-CCCCC"} <= {one.row for one in verify(file).broken}


def test_a_checkpoint_that_was_changed_is_refused(written: Cast, tmp_path: Path) -> None:
    file = checkpoint.write(NOW)
    assert verify(file).sound
    forged = tmp_path / "forged.json"
    forged.write_bytes(file.read_bytes().replace(b'"count":', b'"count" :').replace(b"S01", b"S07"))
    with pytest.raises(SealBroken):
        verify(forged)
    with pytest.raises(SealBroken):
        verify(tmp_path / "none.json")


def test_a_chain_that_grew_still_fits_its_checkpoint(written: Cast) -> None:
    file = checkpoint.write(NOW)
    written.fill_in("S01-AAAAA-AAAAA", "event", {"term": "cough"}, visit="log", number=1)
    assert _sound(verify(file))


def _sound(found: Verification) -> bool:
    return found.sound and found.versions == 7
