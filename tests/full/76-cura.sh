#!/bin/sh
# Cura's print over network, by a strict stand-in for Cura 4.13 on a simulated farm of both dialects.
cd "$(dirname "$0")/../.." || exit 1
exec timeout -k 10 170 "${PYTHON:-python3}" tests/gateway/test_cura.py "${B:-build}/printop"
