# SPDX-License-Identifier: Apache-2.0
# Sourced by dev/simulate and dev/simulation-mutations, after common.sh.

simulation_modules=(CloudEventsCodec OpenConnect OpenConnectFiles ConnectRuntimeKit ConnectTestKit)

# Hash tables have the same order in each run, so that a seed is the same history everywhere.
export SWIFT_DETERMINISTIC_HASHING=1

# Makes the package of the simulation in a folder: with links to the sources, or with copies that may be changed.
make_simulation_package() {
    local folder=$1 form=$2 module
    mkdir -p "$folder/Sources/simulate"
    copy_if_changed "$root/dev/support/simulation/Manifest.swift" "$folder/Package.swift"
    copy_if_changed "$root/dev/support/simulation/Simulate.swift" "$folder/Sources/simulate/Simulate.swift"
    for module in "${simulation_modules[@]}"; do
        case $form in
            link) ln -sfn "$root/Sources/$module" "$folder/Sources/$module" ;;
            copy) rm -rf "$folder/Sources/$module" && cp -Rp "$root/Sources/$module" "$folder/Sources/$module" ;;
        esac
    done
}

copy_if_changed() {
    cmp -s "$1" "$2" || cp "$1" "$2"
}

# Builds the program in that package and prints where it is.
build_simulation() {
    local folder=$1 log=$1/build.log
    local flags=(-c release --package-path "$folder" --product simulate)
    [ -z "${OPENCONNECT_JOBS:-}" ] || flags+=(--jobs "$OPENCONNECT_JOBS")
    swift build "${flags[@]}" > "$log" 2>&1 || { grep -E "error" "$log" | sort -u >&2; return 1; }
    echo "$folder/.build/release/simulate"
}
