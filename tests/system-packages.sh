#!/bin/sh
# What the tests need and pip cannot install: Chromium, for the chat page, PostgreSQL, for the records, and
# Redis, for the cache.
# Says nothing when nothing is to do.
set -u

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
# Debian keeps the server's programs out of PATH.
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing for the tests."
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of words
    if { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "Some tests will be skipped, missing:$missing. On Debian: sudo apt-get install$missing"
