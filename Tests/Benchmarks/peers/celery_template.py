"""Sends one message as Python's client makes it, for the C peer to copy.

    python celery_template.py QUEUE [REPLY-QUEUE]

Without a queue for replies it says that the result is not wanted.
"""

import sys

from celery_app import nothing

if len(sys.argv) > 2:
    nothing.apply_async(queue=sys.argv[1], reply_to=sys.argv[2])
else:
    nothing.apply_async(queue=sys.argv[1], ignore_result=True)
