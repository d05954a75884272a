"""Install a hashed lock file and equipoise itself into the running environment.

Every package comes from the lock with its hash; equipoise is linked, not copied, so that a
change in the sources is seen at once. Usage: python scripts/install.py requirements/run.txt
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install")


def main(lock: str) -> int:
    """Run both steps; the exit code is pip's."""
    steps = (
        (*PIP, "--no-compile", "--require-hashes", "-r", lock),
        (*PIP, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
    )
    code = next((code for step in steps if (code := subprocess.call(step, cwd=ROOT))), 0)
    if not code:
        translate()
    return code


def translate() -> None:
    """Make byte code on all cores, which pip does on one. What is no Python 3.11 is left alone."""
    packages = sysconfig.get_path("purelib")
    words = ("-qq", "-j", "0", "-x", "/tests?/", packages)
    subprocess.call((sys.executable, "-m", "compileall", *words))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
