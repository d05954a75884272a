"""`equipoise generate`: who may open the list, and what is refused before it exists."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pyrage
import pytest

from equipoise.cli import run
from equipoise.protocol.load import load
from equipoise_server.allocator import client, lists
from equipoise_server.allocator.escrow import COMMITMENT, COPY, Escrow
from equipoise_server.services.trial.seal_list import seal_list
from equipoise_server.store.models import LedgerEntry
from server.cast import NOW

STUDY = Path(__file__).parents[1] / "studies" / "three_arms"


@pytest.fixture
def custodians():
    return [pyrage.x25519.Identity.generate() for _ in range(2)]


def verb(capsys, out, *keys, study=STUDY):
    named = [part for key in keys for part in ("--custodian", str(key))]
    code = run(["generate", str(study), *named, "--out", str(out), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out), said.err


def test_either_custodian_opens_exactly_what_was_committed_to(capsys, tmp_path, custodians):
    out = tmp_path / "ceremony"
    code, document, _ = verb(capsys, out, *(each.to_public() for each in custodians))
    assert code == 0
    published = json.loads((out / COMMITMENT).read_text())
    assert published["commitment"] == document["commitment"]
    opened = [pyrage.decrypt((out / COPY).read_bytes(), [each]) for each in custodians]
    assert opened[0] == opened[1]
    assert hashlib.sha256(opened[0]).hexdigest() == document["commitment"]
    held = json.loads(opened[0])
    assert len(bytes.fromhex(held["seed"])) == 32
    assert held["configuration"]["label"] == "live"
    rebuilt = lists.make(load(STUDY), label="live", seed=bytes.fromhex(held["seed"]))
    assert rebuilt.commitment == document["commitment"]


def test_nobody_else_opens_it_and_nothing_of_the_list_lies_in_the_clear(
    capsys, tmp_path, custodians
):
    out = tmp_path / "ceremony"
    verb(capsys, out, *(each.to_public() for each in custodians))
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt((out / COPY).read_bytes(), [pyrage.x25519.Identity.generate()])
    assert {path.name for path in out.iterdir()} == {COPY, COMMITMENT}
    assert not {"list", "seed", "arms"} & json.loads((out / COMMITMENT).read_text()).keys()
    for path in out.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_ceremonies_never_make_the_same_list(capsys, tmp_path, custodians):
    keys = [each.to_public() for each in custodians]
    made = {verb(capsys, tmp_path / name, *keys)[1]["commitment"] for name in "abc"}
    assert len(made) == 3


@pytest.mark.parametrize(
    "keys",
    [
        lambda one, two: [one],
        lambda one, two: [one, one],
        lambda one, two: [one, two, one],
        lambda one, two: [one, "age1notakey"],
        lambda one, two: [one, ""],
        lambda one, two: [one, "ssh-ed25519 AAAA"],
    ],
)
def test_custodians_are_two_persons_with_public_keys(capsys, tmp_path, custodians, keys):
    out = tmp_path / "ceremony"
    given = keys(*(str(each.to_public()) for each in custodians))
    code, document, said = verb(capsys, out, *given)
    assert (code, document["error"]["code"]) == (2, "refused.custodian")
    assert "Traceback" not in said
    assert not out.exists()


def test_a_private_key_is_refused_and_not_repeated(capsys, tmp_path, custodians):
    secret = str(custodians[1])
    code, document, said = verb(capsys, tmp_path / "c", custodians[0].to_public(), secret)
    assert code == 2
    assert secret not in json.dumps(document) + said


def test_nothing_is_overwritten(capsys, tmp_path, custodians):
    keys = [each.to_public() for each in custodians]
    out = tmp_path / "ceremony"
    verb(capsys, out, *keys)
    before = (out / COPY).read_bytes()
    code, document, _ = verb(capsys, out, *keys)
    assert (code, document["error"]["code"]) == (2, "refused.folder-not-empty")
    assert (out / COPY).read_bytes() == before
    (tmp_path / "file").write_text("x")
    assert verb(capsys, tmp_path / "file", *keys)[0] == 2


def test_a_study_with_errors_gets_no_list(capsys, tmp_path, custodians):
    keys = [each.to_public() for each in custodians]
    code, _, _ = verb(capsys, tmp_path / "c", *keys, study=tmp_path)
    assert code == 2
    assert not (tmp_path / "c").exists()


def test_the_vault_and_the_custodians_hold_the_same_list(instance, tmp_path, custodians):
    from equipoise_server.services.trial.open_trial import open_trial

    study = load(instance.folder / "study")
    boss = open_trial(study, demo=False, username="admin", full_name="A", password=None, at=NOW)
    escrow = Escrow(
        custodians=tuple(str(each.to_public()) for each in custodians), out=tmp_path / "c"
    )
    commitment = seal_list(by=boss, at=NOW, key="ceremony", escrow=escrow)
    opened = pyrage.decrypt((tmp_path / "c" / COPY).read_bytes(), [custodians[0]])
    assert hashlib.sha256(opened).hexdigest() == commitment == client.commitment()
    assert client.label() == "live"
    assert commitment in LedgerEntry.objects.get(what="list-sealed").payload.data
