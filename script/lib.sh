# Shared by the scripts: installs what is missing, and says so before it does.
# shellcheck shell=bash

root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else
        echo "This needs an administrator. Run: $*" >&2
        exit 1
    fi
}

# install_packages <apt> <dnf> <apk> <brew>: names of the package in each package manager.
install_packages() {
    if command -v apt-get >/dev/null; then
        echo "Installing $1 with apt-get"
        root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
        # shellcheck disable=SC2086
        root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $1 >/dev/null
    elif command -v dnf >/dev/null; then
        echo "Installing $2 with dnf"
        # shellcheck disable=SC2086
        root dnf install -y $2
    elif command -v apk >/dev/null; then
        echo "Installing $3 with apk"
        # shellcheck disable=SC2086
        root apk add $3
    elif command -v brew >/dev/null; then
        echo "Installing $4 with brew"
        # shellcheck disable=SC2086
        brew install $4
    else
        echo "Please install $1; no package manager was found that could." >&2
        exit 1
    fi
}

# The directory with initdb and postgres, if any.
postgres_binaries() {
    local directory
    for directory in $(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -Vr) /usr/pgsql-*/bin \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        if [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
            echo "$directory"
            return
        fi
    done
    if command -v initdb >/dev/null && command -v postgres >/dev/null; then
        dirname "$(command -v initdb)"
    fi
}

need_postgres() {
    if [ -n "$(postgres_binaries)" ]; then return; fi
    # On Debian the package would make and start a cluster of its own, which nobody here uses.
    if command -v apt-get >/dev/null && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        install_packages postgresql-common "" "" ""
        echo "create_main_cluster = false" | root tee -a /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    install_packages postgresql postgresql-server postgresql postgresql@17
}

need_compiler() {
    command -v cc >/dev/null || install_packages build-essential gcc build-base gcc
    if ! command -v cargo >/dev/null; then
        echo "Rust 1.95 or newer is needed: see https://rust-lang.org/tools/install" >&2
        exit 1
    fi
}

need_python() {
    command -v python3 >/dev/null || install_packages "python3 python3-venv" python3 python3 python@3
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        install_packages python3-venv python3 py3-virtualenv python@3
    fi
}
