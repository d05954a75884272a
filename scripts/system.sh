#!/usr/bin/env bash
# What equipoise takes from Debian. Usage: system.sh demo | test
#   demo: the text layout libraries behind report.pdf; without them the report is HTML alone
#   test: also a PostgreSQL server and Chromium; both: a font with Chinese glyphs
set -euo pipefail
missing=()
has_library() { ldconfig -p | grep -q "$1"; }
has_library libpangoft2-1.0.so.0 || missing+=(libpango-1.0-0 libpangoft2-1.0-0)
has_library libharfbuzz-subset.so.0 || missing+=(libharfbuzz-subset0)
compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || missing+=(fonts-noto-cjk)
if [ "${1:-test}" = test ]; then
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  command -v chromium >/dev/null || missing+=(chromium)
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "Missing: ${missing[*]}. Install with: sudo apt-get install ${missing[*]}" >&2
  [ "${1:-test}" = demo ] && exit 0
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || echo "apt-get update failed; trying with the lists there are" >&2
if ! apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
  echo "Could not install: ${missing[*]}" >&2
  [ "${1:-test}" = demo ] && exit 0
  exit 1
fi
