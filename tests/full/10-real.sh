#!/bin/sh
# Real OctoPrint and Moonraker, and the simulated farm: one scenario, seen in --json and on the full screen.
cd "$(dirname "$0")/../.." || exit 1
exec timeout -k 20 900 "${PYTHON:-python3}" tests/real/scenario.py "${B:-build}/printop"
