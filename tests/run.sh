#!/usr/bin/env bash
# Sets up what the tests need and runs them, stage by stage.
#   bash tests/run.sh                               every stage
#   bash tests/run.sh fast|postgres|slow|browser    one stage; what follows goes to pytest
# What is missing is skipped by name; with CI set it fails instead.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

STAGES=(fast postgres slow browser)
STAGE_SECONDS=2400
PYTHON=.venv/bin/python
STAMP=.venv/test.lock
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUTF8=1

say() { printf '\n== %s\n' "$*"; }
explain() { printf '%s\n' "$*" >&2; }

# --- Python -------------------------------------------------------------------

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3; do
    if is_new_enough "$name"; then command -v "$name"; return; fi
  done
  explain "No Python 3.11 or newer was found. Install one (on Debian: apt-get install python3) and run this again."
  return 1
}

make_venv() {
  local python name
  python=$(find_python) || return 1
  name=$(basename "$python")
  say "Making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv >/dev/null 2>&1 && return
  # Debian keeps what venv needs in a package of its own.
  install_packages "$name-venv" python3-venv
  "$python" -m venv --clear .venv && return
  explain "$python cannot make a virtual environment. On Debian, install python3-venv and run this again."
  return 1
}

set_up_python() {
  if ! is_new_enough "$PYTHON" || ! "$PYTHON" -m pip --version >/dev/null 2>&1; then make_venv || return 1; fi
  cmp -s requirements/test.lock "$STAMP" && return
  say "Installing requirements/test.lock"
  rm -f "$STAMP"
  if ! try_three_times "$PYTHON" -m pip install -qq --require-hashes -r requirements/test.lock; then
    explain "The Python packages of requirements/test.lock could not be installed; the lines above say why."
    return 1
  fi
  cp requirements/test.lock "$STAMP"
}

# --- Programs from Debian's packages ------------------------------------------

try_three_times() { "$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 "$@" </dev/null >"$apt_log" 2>&1
}

update_once() {
  [ -n "${updated:-}" ] && return
  updated=yes
  try_three_times apt_get update || tail -n 5 "$apt_log" >&2
}

# One after the other where they do not come together: a name that one distribution lacks must not cost the rest.
install_packages() {
  if ! may_install; then
    explain "Not installed, since apt-get, or the right to use it, is missing: $*"
    return
  fi
  say "Installing with apt-get: $*"
  update_once
  try_three_times apt_get install -y --no-install-recommends "$@" && return
  local name
  for name in "$@"; do
    apt_get install -y --no-install-recommends "$name" || { explain "apt-get could not install $name:"; tail -n 3 "$apt_log" >&2; }
  done
}

has() { command -v "$1" >/dev/null 2>&1; }
has_chromium() { has chromium || has chromium-browser || has google-chrome; }
has_firefox() { has firefox-esr || has firefox; }
has_libnotify() { find /usr/lib /lib -name 'libnotify.so.4*' 2>/dev/null | grep -q .; }
has_postgresql() { has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }

set_up_programs() {
  local missing=()
  has_chromium || missing+=(chromium)
  has_firefox || missing+=(firefox-esr)
  has dbus-daemon || missing+=(dbus)
  has_libnotify || missing+=(libnotify4)
  has_postgresql || missing+=(postgresql)
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

check_programs() {
  local absent=()
  has_chromium || absent+=(Chromium)
  has_firefox || absent+=("Firefox ESR")
  has dbus-daemon || absent+=(D-Bus)
  has_libnotify || absent+=(libnotify)
  has_postgresql || absent+=(PostgreSQL)
  [ ${#absent[@]} -eq 0 ] && return
  local names
  printf -v names '%s, ' "${absent[@]}"
  if [ -n "${CI:-}" ]; then explain "Missing, so tests that need it will fail (CI is set): ${names%, }"
  else explain "Missing, so tests that need it are skipped: ${names%, }"; fi
}

# --- Stages -------------------------------------------------------------------

names_a_path() {
  local argument
  for argument in "$@"; do [ -e "${argument%%::*}" ] && return; done
  return 1
}

options_of() {
  case $1 in
    fast) options=(-n 2 --ignore=tests/browser -m "not slow and not postgres") ;;
    postgres) options=(-n 2 --ignore=tests/browser -m "(database or postgres) and not slow") ;;
    slow) options=(--ignore=tests/browser -m slow) ;;
    browser)
      options=(-n 2 --dist loadscope)           # a file keeps its lab and its desk
      names_a_path "${@:2}" || options+=(tests/browser) ;;
  esac
}

run_pytest() {
  local stage=$1 options=() database=sqlite
  options_of "$@"
  shift
  [ "$stage" = postgres ] && database=postgresql
  [ "$stage" = browser ] && [ "${again:-}" ] && options=(tests/browser --last-failed)
  local command=("$PYTHON" -m pytest -q -rfEs --no-fold-skipped "--junitxml=$results/$stage${again:+-again}.xml" "${options[@]}" "$@")
  # SIGINT lets pytest close its servers and say what it was at.
  has timeout && command=(timeout --foreground -s INT -k 60 "$STAGE_SECONDS" "${command[@]}")
  SD_TEST_DB=$database "${command[@]}" </dev/null
}

run_stage() {
  local stage=$1 begun=$SECONDS code outcome=passed tried=""
  say "Stage $stage"
  run_pytest "$@"
  code=$?
  # Two browsers on a crowded machine now and then do not send a page's first request; what is broken fails alone as well.
  if [ "$stage" = browser ] && [ $code -eq 1 ] && [ $# -eq 1 ]; then
    say "Stage browser: what failed, once more and alone"
    again=yes run_pytest "$@"
    code=$?
    tried=" (some at the second try)"
  fi
  case $code in
    0) ;;
    5) outcome="ran no test" ;;
    124 | 137) outcome="stopped after $STAGE_SECONDS s" ;;
    *) outcome="failed" ;;
  esac
  # A stage that holds no test has lost its marks; with arguments of one's own it may be meant.
  if [ $code -eq 5 ] && [ $# -gt 1 ]; then code=0; fi
  [ $code -eq 0 ] || failed=yes
  outcome+=$tried
  summary+=("$(printf '%-10s %-18s %5d s' "$stage" "$outcome" $((SECONDS - begun)))")
}

count_results() {
  "$PYTHON" - "$results" <<'PY'
import sys
from pathlib import Path
from xml.etree import ElementTree

total = failed = skipped = 0
for file in Path(sys.argv[1]).glob("*.xml"):
    was_tried_again = file.with_name(f"{file.stem}-again.xml").exists()
    for suite in ElementTree.parse(file).iter("testsuite"):
        wrong = int(suite.get("failures")) + int(suite.get("errors"))
        total += int(suite.get("tests")) - (wrong if was_tried_again else 0)
        failed += 0 if was_tried_again else wrong
        skipped += int(suite.get("skipped"))
print(f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped")
PY
}

main() {
  local chosen=("${STAGES[@]}") stage summary=() failed="" updated=""
  if [[ " ${STAGES[*]} " == *" ${1:-none} "* ]]; then chosen=("$1"); shift; fi
  results=$(mktemp -d) && apt_log=$results/apt.log || exit 1
  trap 'rm -rf "$results"' EXIT
  set_up_python || exit 1
  set_up_programs
  check_programs
  for stage in "${chosen[@]}"; do run_stage "$stage" "$@"; done
  say "Summary"
  printf '%s\n' "${summary[@]}"
  printf 'setup and stages together: %d s\n' "$SECONDS"
  count_results
  [ -z "$failed" ]
}

main "$@"
