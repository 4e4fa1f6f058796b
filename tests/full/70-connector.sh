#!/bin/sh
# The connector against a mock cloud and the simulated farm; CONNECTOR_ROUNDS sets how often it is killed.
cd "$(dirname "$0")/../.." || exit 1
exec timeout -k 20 900 "${PYTHON:-python3}" tests/connector/test_connector.py "${B:-build}/printop"
