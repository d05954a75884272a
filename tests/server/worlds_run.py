"""Running worlds from a test, and comparing them."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path

from server import imaged
from server.conftest import Source
from server.interims import plan_for

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SMALL, REFERENCE = ROOT / "tests" / "studies" / "three_arms", ROOT / "studies" / "nct05787288"
World = dict[str, bytes]
_names = count(1)


def product(folder: Path) -> Path:
    """A copy of the product, of its studies and of what its worlds need.

    Every world of a run is one and the same program, whatever is edited while they live.
    """
    if not folder.exists():
        shutil.copytree(ROOT / "src", folder / "src")
        (folder / "docs").symlink_to(ROOT / "docs")
        shutil.copytree(ROOT / "studies", folder / "studies")
        shutil.copytree(SMALL, folder / "small")
        plan_for(folder / "small", 10, first=0.2)
        imaged.add_pictures(folder / "small", transcribed=True)
    return folder


def live(template: Source, out: Path, study: Path, size: str,
         *worlds: str, with_leak: str = "4/0") -> list[World]:  # fmt: skip
    """What each world's blinded side holds and shows; `size`: participants, depth of the crawl."""
    copy = product(template.folder.with_name("product"))
    environment = {
        **os.environ,
        "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{HERE.parent}",
        "PYTHONHASHSEED": "0",
        "WORLDS_SERVER": template.server or "",
        "WORLDS_NAME": f"ni{os.getpid()}n{next(_names)}",
    }
    kept = {SMALL: copy / "small", REFERENCE: copy / "studies" / REFERENCE.name}
    words = [out, template.folder, kept[study], size, with_leak, *worlds]
    done = subprocess.run(
        [sys.executable, str(HERE / "worlds.py"), *map(str, words)],
        env=environment,
        check=False,
        timeout=5000,
    )
    logs = "".join((out / f"{one}.log").read_text()[-3000:] for one in worlds)
    assert done.returncode == 0, logs
    return [pickle.loads((out / world).read_bytes()) for world in worlds]


def different(one: World, other: World) -> list[str]:
    """The names of everything that is not the same bytes."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
