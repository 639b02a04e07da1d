# Sourced by the scripts beside this directory.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the lists are used by those who source this

build_packages=(g++ cmake make pkg-config libzmq3-dev cppzmq-dev libcli11-dev libfmt-dev libsqlite3-dev)
test_packages=(libgtest-dev python3-zmq python3-pytest python3-pytest-xdist procps shellcheck sqlite3)

# Installs those Debian packages that are missing; where there is no apt, names them and stops.
need_packages() {
  local missing=() package sudo=()
  if ! command -v apt-get dpkg-query >/dev/null; then
    has_tools && return
    echo "this is no Debian; please install what these packages of Debian 12 hold, then try again:" >&2
    echo "  $*" >&2
    exit 1
  fi
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == *' installed' ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      echo "please install as root: apt-get install ${missing[*]}" >&2
      exit 1
    }
    sudo=(sudo)
  fi
  echo "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Elsewhere than on Debian: whether what is needed is there under whatever name.
has_tools() {
  command -v cmake c++ pkg-config >/dev/null && pkg-config --exists libzmq cppzmq fmt sqlite3
}

# Configures and builds a preset; shows the output only if it fails.
build_preset() {
  local log
  mkdir -p build
  log=$(mktemp)
  echo "building (preset $1)"
  if ! { cmake --preset "$1" && cmake --build --preset "$1" -j "$(nproc)"; } >"$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    return 1
  fi
  grep -E 'warning:' "$log" || true
  rm -f "$log"
}
