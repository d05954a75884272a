"""The stand-alone script against the product: every list it knows, and every change to one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from equipoise.digest import sha256
from equipoise_server.allocator import lists

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_allocation.py"
SCHEMES = [
    ("permuted-block", {"size": 8}, [2, 1, 1]),
    ("permuted-block", {"size": 4}, [1, 1]),
    ("permuted-block", {"size": 8}, [2, 2]),
    ("big-stick", {"limit": 3}, [1, 1]),
    ("big-stick", {"limit": 1}, [3, 2]),
    ("big-stick", {"limit": 2}, [2, 1, 1]),
    ("block-urn", {"lambda_": 2}, [1, 1]),
    ("block-urn", {"lambda_": 3}, [3, 1, 2]),
    ("simple", {}, [2, 1]),
]


def made(scheme="big-stick", parameters=None, ratio=(1, 1), seed=7):
    configuration = {
        "label": "live",
        "study": "hp-three",
        "digest": "d" * 64,
        "scheme": scheme,
        "parameters": {"limit": 3} if parameters is None else parameters,
        "arms": ["bras haut", "低剂量", "placebo"][: len(ratio)],
        "ratio": list(ratio),
        "strata": ["sex=f/site=é", "*"],
        "length": 150,
        "dynamic": False,
    }
    bits = bytes((seed * 31 + each) % 256 for each in range(32))
    return lists.Made(configuration=configuration, seed=bits, list=lists.build(configuration, bits))


def run(tmp_path, document, commitment):
    opened = tmp_path / "opened.json"
    opened.write_bytes(document)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(opened), commitment],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("scheme", "parameters", "ratio"), SCHEMES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_finds_the_product_s_list_without_the_product(tmp_path, scheme, parameters, ratio, seed):
    one = made(scheme, parameters, ratio, seed)
    code, said = run(tmp_path, one.document, one.commitment)
    assert code == 0, said
    assert one.commitment in said


def _changed(one, change):
    held = json.loads(one.document)
    change(held)
    return held


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held["list"]["*"].__setitem__(0, "placebo"),
        lambda held: held["list"]["*"].reverse(),
        lambda held: held["list"].pop("*"),
        lambda held: held.__setitem__("seed", "00" * 32),
        lambda held: held["configuration"].__setitem__("digest", "e" * 64),
        lambda held: held["configuration"].__setitem__("label", "demo"),
        lambda held: held["configuration"]["parameters"].__setitem__("limit", 2),
        lambda held: held["configuration"]["arms"].reverse(),
    ],
)
def test_it_finds_every_change(tmp_path, change):
    one = made()
    held = _changed(one, change)
    assert run(tmp_path, json.dumps(held).encode(), one.commitment)[0] == 1
    content = json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert sha256(content.encode()) != one.commitment


def test_a_list_that_was_committed_to_and_does_not_follow_from_its_seed_is_found(tmp_path):
    held = _changed(made(), lambda held: held["list"]["*"].__setitem__(3, "placebo"))
    assert run(tmp_path, json.dumps(held).encode(), sha256(held))[0] == 1


def test_it_is_short_and_imports_nothing_of_the_product():
    text = SCRIPT.read_text(encoding="utf-8")
    assert text.count("\n") <= 60
    assert "equipoise" not in "".join(line for line in text.splitlines() if "import" in line)


def test_it_says_where_it_does_not_know_the_scheme(tmp_path):
    one = made("efron", {"p": 0.7})
    code, said = run(tmp_path, one.document, one.commitment)
    assert code == 1
    assert "does not know" in said
