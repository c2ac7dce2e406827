# What the scripts in tools/ share. Read with: source "$(dirname "$0")/lib.sh"

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# ccache finds a file again wherever the clone lies.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

say() { printf '\n== %s (%dm%02ds)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

# build PRESET: everything, into build/PRESET. build PRESET TARGET...: just these, and the tests' libraries are not
# asked for. Quiet unless something is wrong.
build() {
  local preset=$1 log testing=ON
  [[ $# == 1 ]] || testing=OFF
  shift
  log=$(mktemp)
  if ! { cmake --preset "$preset" -DBUILD_TESTING=$testing && cmake --build --preset "$preset" ${*:+--target "$@"}; } > "$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)|^--' "$log" >&2
    rm -f "$log"
    echo "the build in build/$preset failed; again with: cmake --build --preset $preset" >&2
    return 1
  fi
  rm -f "$log"
}
