"""Install a hashed lock file and equipoise itself into the running environment.

Every package comes from the lock with its hash; equipoise is linked, not copied, so that a
change in the sources is seen at once. Usage: python scripts/install.py requirements/run.txt
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def main(lock: str) -> int:
    """Run both steps; the exit code is pip's."""
    steps = (
        (*PIP, "install", "--require-hashes", "-r", lock),
        (*PIP, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
    )
    return next((code for step in steps if (code := subprocess.call(step, cwd=ROOT))), 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
