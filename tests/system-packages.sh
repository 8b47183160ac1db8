#!/bin/sh
# What the tests need and pip cannot install: Chromium, for the chat page. Says nothing when nothing is to do.
set -eu

command -v chromium >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing chromium for the browser tests."
    export DEBIAN_FRONTEND=noninteractive
    if { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "Browser tests will be skipped: chromium is missing. On Debian: sudo apt-get install chromium"
