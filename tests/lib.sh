# Shared by tests/run, tests/demo and tests/bench: saying what happens, installing what is needed, building.
# Sourced by bash; the workspace is the current directory.

say() { printf '\n== %s\n' "$*"; }

die() {
    printf '\n%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# need_packages PACKAGE…: installs the Debian packages that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing Debian packages: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || die "needs root to install packages; install them yourself: apt-get install ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "apt-get cannot install ${missing[*]} (its last words are above)"
    fi
    rm -f "$log"
}

# What every run needs: a C linker for Rust, QEMU and what unpacks a kernel.
need_basics() {
    command -v cargo >/dev/null || die "there is no Rust toolchain here (no cargo in the PATH): see https://rustup.rs"
    command -v dpkg-query >/dev/null || die "this needs Debian or a relative of it (no dpkg-query here)"
    need_packages gcc libc6-dev qemu-system-x86 busybox-static zstd lz4 xz-utils
    tests/fetch-qemu || say "going on with the installed QEMU; what it crashes is started again"
}

host_target() { rustc -vV | sed -n 's/^host: //p'; }

# Folder of the static commands, as initramfs/install leaves them: one file with four names.
static_dir() { echo target/image/usr/bin; }

# Builds the commands as an image wants them: static, small, without this machine's paths in them.
build_static() {
    say "building the commands, static"
    RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" \
        cargo build --locked --release --target "$(host_target)" -p nbft || die "the build failed"
    DESTDIR=target/image BIN=target/$(host_target)/release initramfs/install bin || die "the commands could not be installed"
    echo "   all four: $(stat -c %s "$(static_dir)/nbft") bytes"
}

# need_kernel VERSION: fetches and unpacks a kernel of Debian, once.
need_kernel() {
    tests/fetch-kernel "$1" || die "cannot get the $1 kernel"
}

# The boot harness.
build_harness() {
    say "building the boot harness"
    cargo build --locked -p nbft-tests --bins || die "the build failed"
}
