#!/usr/bin/env bash
# Make the virtual environment that the Makefile uses, or adopt the one that is there. Called by `make setup`.
# usage: scripts/setup.sh VENV STAMP REQUIREMENTS
set -euo pipefail

venv=$1
stamp=$2
requirements=$3
python=${PYTHON:-python3}

# What is missing is named together with its fix, all of it at once.
missing=()
need() { # need FIX COMMAND...: the command must succeed
    local fix=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$fix")
}

need "git is missing: apt-get install git" git --version
if ! command -v "$python" >/dev/null; then
    missing+=("$python is missing: apt-get install python3, \
or name another one: make setup PYTHON=/path/to/python3.11")
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    missing+=("$python is $("$python" -V), 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11")
else
    need "Python's venv module is missing: apt-get install python3-venv" "$python" -c 'import venv, ensurepip'
fi
if ((${#missing[@]})); then
    printf 'setup: %s\n' "${missing[@]}" >&2
    exit 1
fi

is_new() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }
if [[ -x $venv/bin/python ]] && is_new "$venv/bin/python" 2>/dev/null; then
    echo "setup 1/3: using the environment in $venv"
else
    echo "setup 1/3: creating an environment in $venv"
    # --clear: what is there is no working Python 3.11 environment (moved folder, Python upgraded)
    "$python" -m venv --clear "$venv"
fi
# An environment made by another tool may come without pip.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip --upgrade >/dev/null

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}

count=$(grep -c '^[A-Za-z0-9]' "$requirements")
echo "setup 2/3: installing $count packages, each by its hash (about a minute the first time)"
# One line a package that is really fetched; pip's errors come through on stderr.
pip install --require-hashes --requirement "$requirements" |
    awk '/^Collecting /       { printf "  %2d %s\n", ++n, $2; fflush() }
         /^Installing coll/   { print "  unpacking"; fflush() }'

echo "setup 3/3: installing deskpulse itself, editable"
# compat: one path instead of a list of packages, so that mypy sees it and a new package needs no new install
pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
touch "$stamp"
