"""Compares due times with those of croniter, from PyPI.

Reads lines "START TAB DUE DUE ... TAB CRONTAB" from a file, all in Unix seconds and UTC; "-" stands for a line that is
never due. Prints the first that differ, as "START TAB OURS TAB THEIRS TAB CRONTAB", and at the end how many were compared
and how many differ. Lines that croniter is known to read otherwise than cron are put to it in other words.
"""

import re
import sys

from croniter import CroniterBadDateError, croniter

NAMES = {
    **{name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())},
    **{name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)},
}


def single(match):
    """croniter takes a range of one value, 5-5, for the whole range."""
    first, last = (NAMES.get(word, word) for word in match.groups())
    return match[1] if str(first) == str(last) else match[0]


def reworded(crontab):
    crontab = re.sub(r"\b(\w+)-(\w+)(?:/\d+)?(?=[,\s]|$)", single, crontab)
    fields = crontab.split()
    days = {position for position in (2, 4) if not fields[position].startswith("*")}
    # Of two days that are both said, cron runs on either. croniter takes one that is every day for one that is not said.
    if len(days) == 2 and any(croniter.expand(crontab)[0][position] == ["*"] for position in days):
        fields[2] = fields[4] = "*"
    return " ".join(fields)


def due_times(crontab, start, count):
    # Vixie's cron, whose rule ours is: a day field that begins with a star does not widen the other one.
    walk = croniter(reworded(crontab), start, implement_cron_bug=True, max_years_between_matches=50)
    return [str(int(walk.get_next(float))) for _ in range(count)]


compared = differing = 0
with open(sys.argv[1]) as file:
    for line in file:
        start, ours, crontab = line.rstrip("\n").split("\t")
        try:
            theirs = " ".join(due_times(crontab, int(start), max(1, len(ours.split()))))
        except CroniterBadDateError:
            theirs = "-"
        compared += 1
        if ours != theirs:
            differing += 1
            if differing <= 20:
                print(start, ours, theirs, crontab, sep="\t")
print(compared, differing)
