"""Peers, each only where it is installed. What is missing is said and left out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec

from tests.benchmark.measuring import Peer

R_LOOKS = """
suppressMessages(library(rpact))
design <- getDesignGroupSequential(kMax = 3, alpha = 0.025, sided = 1, typeOfDesign = "OF")
n <- {trials}
spent <- system.time(
  {call}
)
cat("SPENT", spent[["user.self"]] + spent[["sys.self"]], "\\n")
"""


def has_python(name: str) -> bool:
    """Whether a Python library is installed."""
    return find_spec(name) is not None


def has_rpact() -> bool:
    """Whether R answers and has rpact."""
    if shutil.which("Rscript") is None:
        return False
    asked = subprocess.run(
        ["Rscript", "-e", "library(rpact)"], capture_output=True, check=False, timeout=120
    )
    return asked.returncode == 0


def rpact(call: str, trials: int) -> tuple[Peer, ...]:
    """A simulation in rpact; the time is R's own, without the start of R."""
    if not has_rpact():
        sys.stderr.write("R with rpact is not installed: no comparison with rpact.\n")
        return ()

    def run() -> tuple[int, float]:
        script = R_LOOKS.format(trials=trials, call=call)
        answer = subprocess.run(
            ["Rscript", "-e", script], capture_output=True, check=True, text=True, timeout=600
        )
        line = next(one for one in answer.stdout.splitlines() if one.startswith("SPENT"))
        return trials, float(line.split()[1])

    return (Peer(name="rpact", run=run),)
