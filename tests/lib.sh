# Shared by the scripts of the tests: messages, packages, downloads, builds.
# Sourced by bash. The scripts that build have the workspace as their current directory.
# shellcheck disable=SC2034 # the scripts use these variables
cache=${NBFT_CACHE:-$(realpath -m "$(dirname "${BASH_SOURCE[0]}")/../target/cache")}
# For packages that may be missing from this machine's own sources.
mirror=http://deb.debian.org/debian

# say WORDS: a heading, with the minutes and seconds since the start.
say() { printf '\n== %s (%d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
# note WORDS: a message of a script that other scripts call.
note() { printf '%s: %s\n' "$(basename "$0")" "$*"; }
die() {
    note "$*" >&2
    exit 1
}
# print_help: prints the comment that the calling script begins with, and ends it.
print_help() {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
    exit 0
}
# quietly WHAT COMMAND...: runs a command, and shows its last words if it fails.
quietly() {
    local what=$1 log
    log=$(mktemp)
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "$what failed (its last words are above)"
    fi
    rm -f "$log"
}

# test_counts LOG: how many tests passed, failed and were skipped, by the lines of cargo test ("test result: ok. 3 passed; 0 failed;
# 0 ignored; …") and of the tests here ("3 passed, 0 failed, 1 skipped").
test_counts() {
    sed 's/^test result: .*\. //' "$1" | awk '
        /^[0-9]+ passed[;,] [0-9]+ failed/ { good += $1; bad += $3; if ($6 ~ /^(ignored|skipped)/) out += $5 }
        END { print good + 0, bad + 0, out + 0 }'
}

# need_packages PACKAGE...: installs the Debian packages that are missing.
need_packages() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing Debian packages: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || die "needs root to install packages; install them yourself: apt-get install ${missing[*]}"
    # Once a run: later calls use the same lists.
    [ -n "${updated-}" ] || quietly "apt-get update" apt-get -q update
    updated=yes
    DEBIAN_FRONTEND=noninteractive quietly "apt-get install ${missing[*]}" without_services \
        apt-get -q install -y --no-install-recommends "${missing[@]}"
}

# without_services COMMAND...: the packages that the command installs start no services.
without_services() {
    local policy=/usr/sbin/policy-rc.d
    [ ! -e $policy ] || { "$@"; return; }
    (
        trap 'rm -f $policy' EXIT
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        "$@"
    )
}

# workshop DEST: makes the folder $temp beside DEST. The script moves $temp to DEST once complete; otherwise $temp is removed.
workshop() {
    mkdir -p "$(dirname "$1")"
    temp=$(mktemp -d "$1.XXXXXX")
    trap 'rm -rf "$temp"' EXIT
    trap 'exit 130' INT TERM HUP
    chmod 755 "$temp"
}

# packages_of [--architecture=NAME] SOURCE...: sets $apt_options, with which apt-get and apt-cache use these sources ("bookworm
# main") instead of this machine's own, for packages of this or another architecture. The lists lie in $temp/apt.
packages_of() {
    local source place architecture
    architecture=$(dpkg --print-architecture)
    case $1 in
        --architecture=*)
            architecture=${1#*=}
            shift
            ;;
    esac
    mkdir -p "$temp"/apt/lists/partial
    for source in "$@"; do
        case $source in
            *-security\ *) place=$mirror-security ;;
            *) place=$mirror ;;
        esac
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $place $source"
    done >"$temp/apt/sources"
    # Without Sandbox::User=root apt warns that its own user cannot write here.
    apt_options=(-q -o Dir::Etc::SourceList="$temp/apt/sources" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::State::Lists="$temp/apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root
        -o APT::Architecture="$architecture" -o APT::Architectures="$architecture")
    quietly "apt-get update" apt-get "${apt_options[@]}" update
}
# unpack FOLDER PACKAGE...: downloads and unpacks packages into a folder, without installing them.
unpack() {
    local folder=$1 debs package
    shift
    debs=$(mktemp -d "$temp/apt/debs.XXXXXX")
    (cd "$debs" && quietly "apt-get download $*" apt-get "${apt_options[@]}" download "$@") || return
    for package in "$debs"/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -rf "$debs"
}

# in_copy TREE FOLDER COMMAND...: runs a command in a throw-away copy of a Debian that tests/fetch-root made. The copy shares
# FOLDER, and the network, with this system; the command gets /usr/bin and the like as PATH, and no other variable, and ends with
# the script that calls this.
in_copy() {
    setpriv --pdeathsig=KILL unshare --mount --pid --fork --kill-child bash -euc 'enter_copy "$@"' enter_copy "$@"
}
enter_copy() {
    local tree=$1 folder=$2
    shift 2
    mount -t tmpfs copy /mnt
    mkdir /mnt/{changes,work,root}
    mount -t overlay -o "lowerdir=$tree,upperdir=/mnt/changes,workdir=/mnt/work" root /mnt/root
    mkdir -p "/mnt/root$folder"
    mount --rbind "$folder" "/mnt/root$folder"
    mount -t proc proc /mnt/root/proc
    mount -t sysfs -o ro sysfs /mnt/root/sys
    mount --rbind /dev /mnt/root/dev
    mount -t tmpfs run /mnt/root/run
    exec chroot /mnt/root env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin "$@"
}
export -f enter_copy

# portable PACKAGES PROGRAMS [SUITE [OPTION...]]: unpacks packages (a,b) of Debian sid, and of SUITE, with all that they
# depend on, and leaves in $temp a script for each of the programs ("a b"), which runs the program with its own libraries, C
# library included: on any Debian. OPTIONs are those of mmdebstrap.
portable() {
    local packages=$1 programs=$2 sources=("deb $mirror sid main") program name lib loader
    shift 2
    if [ $# -gt 0 ]; then
        sources+=("deb $mirror $1 main")
        shift
    fi
    need_packages mmdebstrap
    # A mirror may lag behind.
    quietly mmdebstrap mmdebstrap --quiet --variant=extract --include="$packages" --format=directory \
        --aptopt='Acquire::Check-Valid-Until "false"' "$@" sid "$temp/tree" "${sources[@]}"
    # The folder and the loader have the architecture in their names.
    lib=$(echo "$temp"/tree/usr/lib/*-linux-gnu) loader=$(cd "$temp"/tree/usr/lib/*-linux-gnu && echo ld-linux*.so.*)
    mkdir "$temp/lib"
    cp -L "$lib/$loader" "$temp/lib/"
    for program in $programs; do
        name=$(basename "$program")
        "$lib/$loader" --library-path "$lib" --list "$temp/tree/$program" |
            awk -v tree="$temp/tree" '$2 == "=>" && index($3, tree) == 1 { print $3 }' | xargs cp -L -t "$temp/lib"
        cp "$temp/tree/$program" "$temp/$name.elf"
        cat >"$temp/$name" <<END
#!/bin/sh
here=\${0%/*}
exec "\$here/lib/$loader" --library-path "\$here/lib" "\$here/$name.elf" "\$@"
END
        chmod 755 "$temp/$name"
    done
    rm -rf "$temp/tree"
}

# For every test: a Rust toolchain and its linker.
need_rust() {
    command -v cargo >/dev/null || die "no Rust toolchain is installed (no cargo in the PATH): see https://rustup.rs"
    command -v dpkg-query >/dev/null || die "this needs Debian or a relative of it (no dpkg-query here)"
    need_packages gcc libc6-dev
}

# For the virtual machines: QEMU, busybox, and the programs that unpack a kernel.
need_machines() {
    need_rust
    need_packages qemu-system-x86 busybox-static zstd lz4 xz-utils
    tests/fetch-qemu || note "going on with the installed QEMU; a scenario that it crashes is started again"
}

host_target() { rustc -vV | sed -n 's/^host: //p'; }

# Folder of the static commands, as initramfs/install leaves them: one file with their names.
static_dir() { echo target/image/usr/bin; }

# Builds the commands as an image wants them: static and small.
build_static() {
    say "building the commands, static"
    static_cargo -p nbft
    DESTDIR=target/image BIN=target/$(host_target)/release initramfs/install bin || die "the commands could not be installed"
    echo "   all commands: $(stat -c %s "$(static_dir)/nbft") bytes"
}

# Builds nbft-target beside them, for scenarios with the word `faulty`. On its own: together, cargo would build the commands
# with the features that only the tests need.
build_target() {
    say "building the target in user space, static"
    static_cargo -p nbft-tests --bin nbft-target
    install -D "target/$(host_target)/release/nbft-target" -t "$(static_dir)"
}

# build_debs DEST BIN: makes the Debian packages of the commands in BIN, as `dpkg-buildpackage` does, but compiles nothing.
build_debs() {
    local temp dest bin
    need_packages debhelper
    temp=$(mktemp -d)
    mkdir -p "$1" "$temp/nbft"
    dest=$(realpath "$1") bin=$(realpath "$2")
    cp --recursive --parents debian initramfs man README.md CHANGELOG.md nbft-*/src/help.txt nbft-names/{formats,examples} "$temp/nbft"
    (cd "$temp/nbft" && DEB_RULES_REQUIRES_ROOT=no BIN=$bin quietly "making Debian packages" debian/rules binary) || exit 1
    rm -f "$dest"/*.deb
    mv "$temp"/*.deb "$dest"
    rm -rf "$temp"
}

static_cargo() {
    RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --target "$(host_target)" "$@" ||
        die "the build failed"
}

# need_kernel VERSION: fetches and unpacks a kernel of Debian, once.
need_kernel() {
    tests/fetch-kernel "$1" || die "cannot get the $1 kernel"
}

# vendor FOLDER: brings all crates into FOLDER/vendor, and makes FOLDER/cargo-home, a CARGO_HOME that takes them from there.
vendor() {
    cargo vendor --quiet --locked --versioned-dirs "$1/vendor" >/dev/null || return
    install -D --mode=644 packaging/vendor.toml "$1/cargo-home/config.toml"
}

# The boot harness.
build_harness() {
    say "building the boot harness"
    cargo build --locked -p nbft-tests --bins || die "the build failed"
}
