"""Sends a task and waits for its result, again and again; prints the milliseconds of each.

    python celery_round_trip.py COUNT

Twenty more at the beginning do not count.
"""

import sys
import time

from celery_app import nothing

for number in range(-20, int(sys.argv[1])):
    began = time.perf_counter()
    nothing.delay().get(timeout=30)
    if number >= 0:
        print((time.perf_counter() - began) * 1e3)
