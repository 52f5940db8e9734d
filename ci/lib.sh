# Shared by the scripts of ci/: packages, steps with elapsed time, how many jobs to run.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT

# What building and running need; the names are the same in Debian 12, Debian 13, Ubuntu 24.04.
RUN_PACKAGES=(
  g++ cmake ninja-build pkg-config git
  libfmt-dev nlohmann-json3-dev libcli11-dev libexpected-dev
  libopenblas-dev libdnnl-dev libgmp-dev libmpfi-dev libmpfr-dev
  libpcre2-dev libutf8proc-dev
  libboost-dev
  libcurl4-openssl-dev libssl-dev zlib1g-dev libzip-dev ca-certificates
  bubblewrap libseccomp-dev
  python3 python3-pip
)
# What only tests and checks need.
# shellcheck disable=SC2034  # used by the scripts that source this file
TEST_PACKAGES=(
  libgtest-dev libgmock-dev libbenchmark-dev
  clang libclang-rt-dev
  shellcheck python3-venv ccache
)
# What ci/neon needs.
# shellcheck disable=SC2034
NEON_PACKAGES=(g++-aarch64-linux-gnu qemu-user-static)
# The arm64 libraries of cross builds; ci/arm64-sysroot unpacks them.
# shellcheck disable=SC2034
ARM64_PACKAGES=(
  libfmt-dev nlohmann-json3-dev libcli11-dev libexpected-dev libgmp-dev libmpfi-dev libmpfr-dev
  libpcre2-dev libutf8proc-dev libssl-dev zlib1g-dev libseccomp-dev libgtest-dev libgmock-dev
  libboost-dev
)

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 3
}

# Seconds since the script started, as "m:ss".
elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

# Jobs: a compiler may need 1.5 GB.
build_jobs() {
  local memory_gb cores
  memory_gb=$(awk '/MemAvailable/ {print int($2 / 1.5e6)}' /proc/meminfo)
  cores=$(nproc)
  say $((memory_gb < 1 ? 1 : memory_gb < cores ? memory_gb : cores))
}

# The given packages that are not installed, one a line.
missing_packages() {
  local package
  for package in "$@"; do
    if ! dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
      say "$package"
    fi
  done
}

# As root, or through sudo.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for '$*'; run as root, or install sudo"
  fi
}

require_apt() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null && return
  die "no apt-get here: install the equivalents of '${RUN_PACKAGES[*]}', then use --no-install"
}

# install_packages NAMES...: what is missing, without recommendations or questions.
install_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages "$@")
  if [[ ${#missing[@]} == 0 ]]; then
    say "  all $# packages are installed"
    return
  fi
  say "  installing ${#missing[@]} of $# packages: ${missing[*]}"
  local log="$ROOT/build/apt.log"
  mkdir -p "$ROOT/build"
  if ! { as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get failed; the whole log is in $log"
  fi
}

# configure PRESET [CMAKE ARGUMENTS...]; quiet unless it fails.
configure() {
  local preset="$1" log="$ROOT/build/$1-configure.log"
  shift
  mkdir -p "$ROOT/build"
  if ! (cd "$ROOT" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    die "configuring '$preset' failed; the whole log is in $log"
  fi
  grep -E '^-- (Skipping|assay)' "$log" || true
}

# build PRESET [TARGETS...]; quiet unless it fails.
build() {
  local preset="$1" log="$ROOT/build/$1-build.log"
  shift
  local -a targets=()
  [[ $# == 0 ]] || targets=(--target "$@")
  if ! cmake --build "$ROOT/build/$preset" -j "$(build_jobs)" "${targets[@]}" >"$log" 2>&1; then
    grep -E 'error|FAILED|undefined reference' "$log" | head -n 40 >&2 || tail -n 40 "$log" >&2
    die "building '$preset' failed; the whole log is in $log"
  fi
}
