#!/usr/bin/env python3
"""The connector from outside: what a cloud made for printer-connector sees of it, and what becomes of a printer."""
import sys

import harness
import pairing   # noqa: F401 each registers its tests
import commands  # noqa: F401
import moods     # noqa: F401
import ends      # noqa: F401

if __name__ == "__main__":
    status = 1
    try:
        status = harness.run_all()
    finally:
        harness.farm.stop()
    sys.exit(status)
