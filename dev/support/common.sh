# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts in dev/: places, flags and section headings that they share.

# `cd` would look elsewhere, and print where it went.
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Where builds go. Set OPENCONNECT_SCRATCH_PATH to keep several checkouts or configurations apart.
scratch=${OPENCONNECT_SCRATCH_PATH:-$root/.build}
# Where packages are built that depend on the root package and nothing else: what they depend on is built once.
dependents=$scratch/dependents
# The same for every build of the root package, so that none of them undoes another one.
build_flags=(--scratch-path "$scratch" -Xswiftc -warnings-as-errors)
[ -z "${OPENCONNECT_JOBS:-}" ] || build_flags+=(--jobs "$OPENCONNECT_JOBS")
# Every library product and, after the colon, the folder of its sources.
libraries=(
    CloudEventsCodec:Sources/CloudEventsCodec
    OpenConnect:Sources/OpenConnect
    ConnectRuntimeKit:Sources/ConnectRuntimeKit
    ConnectTestKit:Sources/ConnectTestKit
    FileConnector:Examples/FileConnector/Sources/FileConnector
)

usage() {
    sed -n '/^# Usage/,/^[^#]/p' "$0" | sed -n 's/^# \{0,1\}//p'
}

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Runs a command under a heading, and prints how long it took. Not with `if` or `||`: errors have to end the script.
section() {
    local title=$1 start=$SECONDS
    shift
    echo
    echo "== $title"
    "$@"
    echo "== $title: done in $((SECONDS - start)) s"
}

# The Swift files of the repository: `all`, or those of libraries and examples (`library`).
swift_files() {
    local places=() place
    case $1 in
        all) places=(Package.swift Sources Tests Examples Benchmarks Snippets dev) ;;
        library) places=(Sources Examples/*/Sources) ;;
    esac
    for place in "${places[@]}"; do
        [ ! -e "$place" ] || find "$place" -name '*.swift' -not -path '*/.build*'
    done | sort
}

# The tool of the toolchain that `swift` belongs to, which may be a link or a proxy.
toolchain_tool() {
    local bin
    bin=$(dirname "$(command -v swift)")
    if [ -x "$bin/$1" ]; then echo "$bin/$1"; else command -v "$1" || xcrun --find "$1" 2> /dev/null \
        || fail "the toolchain has no $1"; fi
}

# Writes the symbol graphs of what is public in a library into a directory. The library is built.
extract_symbols() {
    local name=$1 directory=$2 extract modules target platform=()
    extract=$(toolchain_tool swift-symbolgraph-extract)
    modules=$(swift build "${build_flags[@]}" --show-bin-path)/Modules
    target=$(swift -print-target-info | sed -n 's/.*"triple": "\([^"]*\)".*/\1/p' | sed -n 1p)
    if command -v xcrun > /dev/null; then platform=(-sdk "$(xcrun --show-sdk-path)"); fi
    mkdir -p "$directory"
    "$extract" -module-name "$name" -I "$modules" -target "$target" ${platform[@]+"${platform[@]}"} \
        -minimum-access-level public -skip-synthesized-members -output-dir "$directory"
}
