#!/bin/sh
# What a poll, a printer and a still screen cost, against the limits of the README: counts only.
cd "$(dirname "$0")/../.." || exit 1
exec timeout -k 20 300 "${PYTHON:-python3}" tests/bench/bench.py --tap
