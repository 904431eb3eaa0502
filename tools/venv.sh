#!/usr/bin/env bash
# Makes or completes the environment in .venv: tools/venv.sh runtime|dev, from a hash-pinned lock
# file, then tools/venv.sh project, which puts this folder and the command `chaufferie` into it.
# A user's mistake or a bare machine gets one sentence on what to do, never a traceback.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly lock="requirements/$1.txt"
readonly venv=.venv
readonly NOT_INSTALLED="the packages could not be installed; the reason is above: check the network and run make again."

say() { printf 'environment: %s\n' "$*"; }
stop() {
  printf 'environment: %s\n' "$*" >&2
  exit 1
}

# A pyenv shim answers to a name and then refuses to run: hence trying, not only looking.
is_recent_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  local name
  if [[ -n "${PYTHON:-}" ]]; then
    is_recent_enough "$PYTHON" || stop "PYTHON=$PYTHON does not run as Python 3.11 or newer; point PYTHON at one that does."
    echo "$PYTHON"
    return
  fi
  for name in python3.13 python3.12 python3.11 python3; do
    if is_recent_enough "$name"; then
      echo "$name"
      return
    fi
  done
  stop "Python 3.11 or newer is needed and none was found; install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.11."
}

# Both installers say more than a person wants to read: a running count and uv's downloads remain.
# Their errors are not filtered in pip's case, and pass the filter in uv's.
count_packages() {
  awk -v total="$1" '
    /^(Collecting|Processing) / {
      sub(".*/", "", $2)
      printf "environment: fetching %d of %d: %s\n", ++n, total, $2
      fflush()
    }
    /^Installing collected/ { print "environment: unpacking them ..."; fflush() }'
}

works() { [[ -x "$venv/bin/python" ]] && "$venv/bin/python" -c '' 2>/dev/null; }

create_with_uv() {
  works || uv venv --quiet --clear --python "$1" "$venv" || return 1
  uv pip install --compile-bytecode --python "$venv/bin/python" --require-hashes \
    --requirement "$lock" 2>&1 | sed -u '/^ [+~-] /d; s/^ *\([A-Z]\)/environment: \1/' >&2
}

create_with_pip() {
  local python="$1"
  if [[ ! -x "$venv/bin/pip" ]] || ! works; then
    rm -rf "$venv"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      stop "this Python cannot make environments; install the package python3-venv (on Debian and Ubuntu: apt install python3-venv) and run make again."
    "$python" -m venv "$venv" || stop "$python could not make an environment in $venv; its message is above."
  fi
  # The lock names every package, so there is nothing left to resolve: --no-deps.
  # Compiling is left to the line after, which uses every core; it cannot be left to the first import,
  # as many machines forbid that (PYTHONDONTWRITEBYTECODE) and every program would start seconds later.
  "$venv/bin/pip" install --disable-pip-version-check --no-input --progress-bar off --no-deps \
    --no-compile --require-hashes --requirement "$lock" |
    count_packages "$(grep -c '^[a-z]' "$lock")" || return 1
  say "compiling them ..."
  # Templates shipped as .py do not compile, and are not imported either.
  "$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
}

install_packages() {
  local python began=$SECONDS
  python="$(find_python)"
  say "$("$python" -V), $(grep -c '^[a-z]' "$lock") packages of $lock into $venv ..."
  if [[ -x "$venv/bin/pip" ]] || ! command -v uv >/dev/null; then
    create_with_pip "$python" || stop "$NOT_INSTALLED"
  elif ! create_with_uv "$python"; then
    say "uv did not succeed (its message is above); trying pip."
    rm -rf "$venv"
    create_with_pip "$python" || stop "$NOT_INSTALLED"
  fi
  say "ready after $((SECONDS - began)) s"
}

# The build backend is one of the locked packages: nothing is downloaded here.
install_project() {
  if [[ -x "$venv/bin/pip" ]]; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  else
    uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable .
  fi
}

case "$1" in
  project) install_project ;;
  *) install_packages ;;
esac
