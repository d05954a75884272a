#!/usr/bin/env bash
# Make the virtual environment. Usage: venv.sh PYTHON FOLDER
# Debian's Python comes without ensurepip: as root it is installed, else this says how.
set -euo pipefail
python=$1 folder=$2
[ -x "$folder/bin/pip" ] && exit 0
command -v "$python" >/dev/null || python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "equipoise needs Python 3.11; $python is another version. Say make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "Missing: python3.11-venv. Install with: sudo apt-get install python3.11-venv" >&2
    exit 1
  fi
  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3.11-venv >/dev/null
fi
"$python" -m venv "$folder"
