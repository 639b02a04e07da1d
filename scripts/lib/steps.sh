# shellcheck shell=bash disable=SC2034
# Sourced by fuzz, quickstart, test and .ci/run: what their steps are made of.

readonly build_packages=(g++ cmake make pkg-config
  libzmq3-dev cppzmq-dev libcli11-dev libcsv-dev libfmt-dev libsqlite3-dev libxxhash-dev nlohmann-json3-dev)
readonly test_packages=(chromium chromium-driver dpkg-dev fakeroot file fish imagemagick iproute2 jq libgtest-dev lintian man-db munge
  nftables openssh-client openssh-server python3-yaml python3-zmq python3-pytest python3-pytest-xdist python3-selenium slurm-wlm
  sqlite3 systemd tcsh valgrind zsh)
readonly bench_packages=(findutils parallel libbenchmark-dev)
readonly fuzz_packages=(clang libclang-rt-dev)
readonly check_packages=(ccache clang-format clang-tidy shellcheck)

# As many jobs as cores, unless the caller knows better.
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}

# Usage: step TITLE COMMAND [ARGUMENT...]. One line if it succeeds, all that it says if it does not.
step() {
  local title=$1 output status=0
  shift
  printf '%s ... ' "$title"
  output=$("$@" 2>&1 </dev/null) || status=$?
  if ((status)); then
    printf 'failed\n%s\n%s: exit status %d\n' "$output" "$*" "$status"
  else
    printf 'done\n'
  fi
  return "$status"
}

# Usage: install_packages DEBIAN_PACKAGE...
install_packages() {
  local missing as_root=()
  missing=$(comm -23 <(printf '%s\n' "$@" | sort) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^installed //p' | sort) | paste -s -d ' ')
  [[ $missing ]] || return 0

  ((EUID == 0)) || as_root=(sudo)
  if ! command -v apt-get >/dev/null || { ((EUID)) && ! command -v sudo >/dev/null; }; then
    printf 'Please install what Debian calls: %s\n' "$missing" >&2
    return 1
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  step 'Updating the list of packages' "${as_root[@]}" apt-get update
  # shellcheck disable=SC2086 # one word each
  step "Installing $missing" "${as_root[@]}" apt-get install -y --no-install-recommends $missing
}

# What draws reports, and checks their script, as src/report/page/package-lock.json has it. Debian's packages of npm are many,
# so a machine without it goes without reports.
install_charts() {
  local page=src/report/page
  command -v npm >/dev/null || { printf 'No reports: npm is missing\n'; return 0; }
  [[ $page/node_modules/.package-lock.json -nt $page/package-lock.json ]] ||
    step 'Installing what draws reports' npm ci --no-audit --no-fund --prefix "$page"
}
