#!/usr/bin/env bash
# Runs a command, the whole suite unless one is given, while all cores are kept busy by something else.
#
#     tools/stress.sh
#     tools/stress.sh .venv/bin/pytest tests/integration/jack
#     tools/stress.sh .ci/run
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- .venv/bin/pytest

busy=()
trap 'kill "${busy[@]}"' EXIT
for _ in $(seq "$(nproc)"); do
    while :; do :; done &
    busy+=($!)
done
"$@"
