import ast
import hashlib
import hmac
import json
from pathlib import Path

import numpy as np
import pytest

import equipoise.randomisation
from equipoise.randomisation import draw, rehearsal_generator, uniforms

SEED = bytes(range(32))
WHERE = ("nct05787288", "ab" * 32, "moderate")


def test_a_live_draw_can_be_computed_again_from_its_description():
    message = json.dumps(["live", *WHERE, 7], separators=(",", ":")).encode()
    code = int.from_bytes(hmac.new(SEED, message, hashlib.sha256).digest(), "big")
    assert draw(SEED, "live", *WHERE, 7) == (code >> (256 - 53)) / 2**53


def test_live_draws_are_what_they_were():
    """A change here breaks every trial already running."""
    assert [draw(SEED, "live", *WHERE, k) for k in range(3)] == [
        0.6870446965101041,
        0.5400655963971728,
        0.4364402831867523,
    ]


def test_streams_differ_by_label_study_digest_stratum_and_seed():
    streams = [
        draw(SEED, "live", *WHERE, 0),
        draw(SEED, "demo", *WHERE, 0),
        draw(SEED, "rehearsal", *WHERE, 0),
        draw(SEED, "live", "other", *WHERE[1:], 0),
        draw(SEED, "live", WHERE[0], "cd" * 32, WHERE[2], 0),
        draw(SEED, "live", *WHERE[:2], "severe", 0),
        draw(SEED[::-1], "live", *WHERE, 0),
        draw(SEED, "live", *WHERE, 1),
    ]
    assert len(set(streams)) == len(streams)


def test_names_cannot_run_into_each_other():
    assert draw(SEED, "live", "a", "b,c", "d", 0) != draw(SEED, "live", "a", "b", "c,d", 0)
    assert draw(SEED, "live", 'a","b', "c", "d", 0) != draw(SEED, "live", "a", 'b","c', "d", 0)


def test_draws_are_even_on_the_unit_interval():
    u = np.array([draw(SEED, "demo", *WHERE, k) for k in range(20_000)])
    assert ((u >= 0) & (u < 1)).all()
    assert np.bincount((u * 10).astype(int)) == pytest.approx(np.full(10, 2_000), abs=200)
    assert np.corrcoef(u[1:], u[:-1])[0, 1] == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("seed", "label", "k", "words"),
    [
        (b"short", "live", 0, "16 bytes"),
        (SEED, "test", 0, "label"),
        (SEED, "live", -1, "from 0"),
        (SEED, "live", 1.0, "from 0"),
        (SEED, "live", True, "from 0"),
    ],
)
def test_an_unusable_request_for_a_draw_is_refused(seed, label, k, words):
    with pytest.raises(ValueError, match=words):
        draw(seed, label, *WHERE, k)


def test_each_path_has_its_own_stream_in_whatever_order_it_is_asked_for():
    paths = [("era-b", trial, purpose) for trial in range(20) for purpose in ("people", "arms")]
    forward = {path: rehearsal_generator(7, *path).random() for path in paths}
    backward = {path: rehearsal_generator(7, *path).random() for path in reversed(paths)}
    assert forward == backward
    assert len(set(forward.values())) == len(paths)
    assert rehearsal_generator(7, "1").random() != rehearsal_generator(7, 1).random()
    assert rehearsal_generator(7, "a", "b").random() != rehearsal_generator(7, "ab").random()
    assert rehearsal_generator(8, *paths[0]).random() != forward[paths[0]]


def test_raw_uniforms_are_those_of_the_generator():
    raw = uniforms(rehearsal_generator(1, "x"), 1_000)
    assert (raw == rehearsal_generator(1, "x").random(1_000)).all()


def test_rehearsal_draws_are_what_they_were():
    assert uniforms(rehearsal_generator(20260101, "sequence"), 2).tolist() == [
        0.8002947998983716,
        0.4265626369683113,
    ]


def test_nothing_in_the_package_has_a_source_of_its_own():
    """No `random`, `secrets`, `uuid`, clock or global NumPy state."""
    forbidden = {"random", "secrets", "uuid", "time", "os"}
    folder = Path(equipoise.randomisation.__file__).parent
    files = [*folder.glob("*.py"), folder.parent / "digest.py", folder.parent / "ids.py"]
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not forbidden & {name.name.split(".")[0] for name in node.names}, file
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, file
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np.random":
                assert node.attr in {"Generator", "Philox"}, file
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "utcnow", "today", "urandom"}, file
