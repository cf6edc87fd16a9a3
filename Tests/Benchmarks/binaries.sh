# What the `run` scripts share: finds the release binaries, and builds them when they are
# missing or older than the sources. Sourced, with $here and $root set.

lack() {
    echo "benchmarks: needs $1" >&2
    echo "hint: $2" >&2
    exit 69
}

# Prints whether the binary $1 must be built.
is_stale() {
    [ ! -x "$1" ] || [ -n "$(find "$root/Sources" "$root/Package.swift" -newer "$1" -print -quit)" ] ||
        # With Swift's libraries to be found and bound at every start it is another program.
        [[ $(ldd "$1" 2>&1) == *libswiftCore* ]]
}

# Builds the product $1; build messages go to stderr, for stdout is for the figures.
build() {
    command -v swift > /dev/null || lack swift "install Swift, or name finished binaries in CELERY_BIN and CELERY_EXAMPLE_BIN"
    swift build --package-path "$root" -c release --static-swift-stdlib --disable-local-rpath --product "$1" >&2
}

# Sets the variable $1 to the binary $2, built if need be, unless it names one already.
find_binary() {
    if [ -z "${!1:-}" ]; then
        export "$1=$root/.build/release/$2"
        if is_stale "${!1}"; then build "$2"; fi
    fi
    [ -x "${!1}" ] || lack "${!1}" "it is named by $1; unset that to build it"
}

# What the figures are of; binaries named from outside may be of anything.
name_sources() {
    CELERY_SOURCES=
    if [ -z "${CELERY_BIN:-}${CELERY_EXAMPLE_BIN:-}" ]; then
        CELERY_SOURCES=$(git -C "$root" describe --always --dirty 2> /dev/null || true)
    fi
    export CELERY_SOURCES
}
