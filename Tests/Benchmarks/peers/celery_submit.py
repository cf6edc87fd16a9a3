"""Sends no-op tasks in a loop, and prints the seconds from the first to the last.

    python celery_submit.py COUNT

The first of all, which connects and declares, does not count.
"""

import sys
import time

from celery_app import nothing

count = int(sys.argv[1])
nothing.apply_async(ignore_result=True)
began = time.perf_counter()
for _ in range(count):
    nothing.apply_async(ignore_result=True)
print(time.perf_counter() - began)
