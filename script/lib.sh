# Shared by the scripts: installs what is missing, and says so before it does.
# shellcheck shell=bash

# root <command>: runs it in a shell as root, or says which command somebody else has to run.
root() {
    if [ "$(id -u)" = 0 ]; then
        sh -c "$1"
    elif command -v sudo >/dev/null; then
        sudo sh -c "$1"
    else
        echo "This needs an administrator. Run: $1" >&2
        exit 1
    fi
}

# install_packages <apt> <dnf> <apk> <brew>: names of the package in each package manager.
install_packages() {
    if command -v apt-get >/dev/null; then
        echo "Installing $1 with apt-get"
        root "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1 >/dev/null"
    elif command -v dnf >/dev/null; then
        echo "Installing $2 with dnf"
        root "dnf install -y $2"
    elif command -v apk >/dev/null; then
        echo "Installing $3 with apk"
        root "apk add $3"
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
        root "echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf"
    fi
    install_packages postgresql postgresql-server postgresql postgresql@17
}

need_compiler() {
    command -v cc >/dev/null || install_packages "gcc libc6-dev" gcc build-base gcc
    if ! command -v cargo >/dev/null; then
        echo "Rust 1.95 or newer is needed: see https://rust-lang.org/tools/install" >&2
        exit 1
    fi
}

need_haproxy() {
    [ -x /usr/sbin/haproxy ] || command -v haproxy >/dev/null || install_packages haproxy haproxy haproxy haproxy
}

need_cxx() {
    command -v c++ >/dev/null || install_packages g++ gcc-c++ g++ gcc
}

need_python() {
    command -v python3 >/dev/null || install_packages "python3 python3-venv" python3 python3 python@3
    if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        install_packages python3-venv python3 py3-virtualenv python@3
    fi
}

need_node() {
    if command -v node >/dev/null && command -v npm >/dev/null; then return; fi
    install_packages "nodejs npm" "nodejs npm" "nodejs npm" node
}

# Exports CHROMIUM, which may name another browser already.
need_chromium() {
    CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
    if [ -z "$CHROMIUM" ]; then
        install_packages chromium chromium chromium chromium
        CHROMIUM=$(command -v chromium || command -v chromium-browser)
    fi
    export CHROMIUM
}

need_shellcheck() {
    command -v shellcheck >/dev/null || install_packages shellcheck ShellCheck shellcheck shellcheck
}

# need_cargo_tool <crate> <version> [option ...]: built without optimization, for it runs for seconds.
need_cargo_tool() {
    command -v "$1" >/dev/null ||
        cargo install --quiet --locked --debug --target-dir target/tools --version "$2" "${@:3}" "$1"
}
