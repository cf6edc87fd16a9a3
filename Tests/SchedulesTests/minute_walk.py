"""When crontab lines are due, found the slow way: by walking through time minute by minute.

It shares nothing with the Swift code but the system's time-zone database, read here by Python's zoneinfo. For
each step it asks what the wall clock shows, and applies the rules as celery(7) puts them:

- a wildcard line (its minute or hour begins with *) is due whenever a matching minute begins on the clock;
- any other is due when a matching minute begins for the first time, and what the clock jumps over is due
  together when it has jumped.

usage: minute_walk.py windows       around each change of a part of the zones in 2020-2035, and
                                    at ends of months and years
       minute_walk.py whole ZONE RANDOM YEARS
                                    YEARS years from 2020 on, with RANDOM random lines
       minute_walk.py past          strange days of the past, second by second
       minute_walk.py offsets       the distances from UTC at random moments of the years 1850 to 2500, in every zone
       minute_walk.py list ZONE START END STEP LINE...

Prints `L number line` for each crontab line, then for each group of zones with the same data
`Z names...`, `W start end` for each stretch walked through, and `D number count digest` for each line.
The digest is of the due times in seconds since the epoch: d = (d * 1000003 + time) mod 2^64, from 0.
`list` prints the due times instead, `offsets` a line `O zone moment offset...` for each zone. The last line is `end`.
"""

import datetime
import hashlib
import random
import sys
import zoneinfo

UTC = datetime.timezone.utc
DAY = 86_400
FIRST = int(datetime.datetime(2020, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime.datetime(2036, 1, 1, tzinfo=UTC).timestamp())

LINES = [
    # times of day
    "30 2 * * *",
    "0 0 * * *",
    "15,45 0-3 * * *",
    "0 3 * * *",
    "59 23 L * *",
    "30 1 * * sun",
    "0 12 29 2 *",
    "5 0 1 1 *",
    "30 2 1-7 * sun",
    "10 2,3 * * friL",
    "0 1 * * sun#1",
    "0 0 31 * *",
    "10 0/3 L-1 * *",
    # wildcards
    "*/20 * * * *",
    "30 * * * *",
    "*/15 2 * * *",
    "0 */2 * * *",
    "* 2 * mar,oct 0",
    "*/30 1-3 */2 * mon",
    "0 * 29 feb ?",
    "45 *,3 30,31 * *",
]

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()


class Line:
    """A crontab line as sets of numbers and a test for days."""

    def __init__(self, text):
        minute, hour, day, month, weekday = text.lower().split()
        self.text = text
        self.wild = minute[0] in "*?" or hour[0] in "*?"
        self.minutes = numbers(minute, 0, 59)
        self.hours = numbers(hour, 0, 23)
        self.months = numbers(month, 1, 12, MONTHS)
        self.day, self.weekday = day, weekday
        self.days = {}

    def times(self):
        return {hour * 60 + minute for hour in self.hours for minute in self.minutes}

    def on(self, date):
        """Whether the line runs on a date; remembered, because dates come 1,440 times."""
        known = self.days.get(date)
        if known is None:
            known = self.days[date] = self.looked_up(date)
        return known

    def looked_up(self, date):
        if date.month not in self.months:
            return False
        by_day = any(day_matches(part, date) for part in self.day.split(","))
        by_weekday = any(weekday_matches(part, date) for part in self.weekday.split(","))
        if self.day[0] in "*?" or self.weekday[0] in "*?":
            return by_day and by_weekday
        return by_day or by_weekday


def numbers(text, low, high, names=()):
    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in "*?":
            first, last = low, high
        elif "-" in span:
            first, last = (number(word, low, names) for word in span.split("-"))
        else:
            first = number(span, low, names)
            last = high if step else first
        found.update(value for value in range(first, last + 1) if (value - first) % int(step or 1) == 0)
    return found


def number(word, low, names):
    return names.index(word) + low if word in names else int(word)


def day_matches(part, date):
    if part[0] == "l":
        back = int(part[2:] or 0)
        last = date
        while (last + datetime.timedelta(1)).month == date.month:
            last += datetime.timedelta(1)
        return last - datetime.timedelta(back) == date
    return date.day in numbers(part, 1, 31)


def weekday_matches(part, date):
    today = date.isoweekday() % 7
    if part.endswith("l"):
        return number(part[:-1], 0, WEEKDAYS) % 7 == today and (date + datetime.timedelta(7)).month != date.month
    if "#" in part:
        name, _, which = part.partition("#")
        return number(name, 0, WEEKDAYS) % 7 == today and (date.day + 6) // 7 == int(which)
    return today in {value % 7 for value in numbers(part, 0, 6, WEEKDAYS)}


def walk(zone, start, end, step, lines):
    """The due times of each line from start to before end, walking `step` seconds at a time."""
    due = [[] for _ in lines]
    by_time = [[] for _ in range(1440)]
    for index, line in enumerate(lines):
        for time in line.times():
            by_time[time].append((index, line))
    seen = set()
    before = None
    look = datetime.datetime.fromtimestamp
    for moment in range(start, end, step):
        clock = look(moment, zone)
        shown = (clock.toordinal() - 719163) * DAY + clock.hour * 3600 + clock.minute * 60 + clock.second
        begun = []
        if before is not None and shown > before + step:
            # Jumped over, all of them between two steps.
            begun = [wall for wall in range(-(-(before + 1) // 60) * 60, shown, 60)]
        if shown % 60 == 0:
            begun.append(shown)
        before = shown
        for wall in begun:
            candidates = by_time[wall // 60 % 1440]
            if candidates:
                date = datetime.date.fromordinal(wall // DAY + 719163) if wall != shown else clock.date()
                for index, line in candidates:
                    if line.wild:
                        if wall != shown:
                            continue
                    elif wall in seen:
                        continue
                    if line.on(date) and (not due[index] or due[index][-1] != moment):
                        due[index].append(moment)
            seen.add(wall)
    return due


def changes(zone):
    """The moments in 2020-2035 at which the distance from UTC changes."""

    def offset(moment):
        return datetime.datetime.fromtimestamp(moment, zone).utcoffset()

    found = []
    step = 3 * 3600
    before = offset(FIRST)
    for moment in range(FIRST + step, LAST + 1, step):
        after = offset(moment)
        if after != before:
            low, high = moment - step, moment
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            assert high % 60 == 0, "a change within a minute: walk by seconds"
            found.append(high)
        before = after
    return found


def stretches(zone):
    """Where to walk: 14 hours on each side of changes, around leap days and ends of months and years; none overlap."""
    found = [(change - 14 * 3600, change + 14 * 3600) for change in changes(zone)]
    for year in range(2020, 2036):
        found.append(day_span(year, 12, 31, 6, 36))
        if year % 4 == 0:
            found.append(day_span(year, 2, 28, -12, 60))
    for month in range(1, 12):
        found.append(day_span(2027, month + 1, 1, -18, 6))
    found.append(day_span(2031, 7, 16, 0, 48))
    merged = []
    for start, end in sorted(found):
        start, end = max(start, FIRST), min(end, LAST)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def day_span(year, month, day, hours_before, hours_after):
    midnight = int(datetime.datetime(year, month, day, tzinfo=UTC).timestamp())
    return midnight + hours_before * 3600, midnight + hours_after * 3600


def groups():
    """The zones of the database, those with the same file together."""
    by_file = {}
    for name in sorted(zoneinfo.available_timezones() - {"localtime"}):
        with open_zone(name) as file:
            by_file.setdefault(hashlib.sha256(file.read()).digest(), []).append(name)
    return list(by_file.values())


def open_zone(name):
    for folder in zoneinfo.TZPATH:
        try:
            return open(f"{folder}/{name}", "rb")
        except FileNotFoundError:
            pass
    raise FileNotFoundError(name)


def random_lines(count, seed):
    """Lines of both kinds, none of them too busy to compare."""
    dice = random.Random(seed)

    def field(low, high, busy):
        roll = dice.random()
        value = dice.randint(low, high)
        if roll < 0.3:
            return str(value)
        if roll < 0.5:
            return ",".join(str(dice.randint(low, high)) for _ in range(3))
        if roll < 0.65:
            other = dice.randint(value, high)
            return f"{value}-{min(other, value + 4)}" if busy else f"{value}-{other}"
        if roll < 0.75:
            return f"{value}/{dice.randint(5, 11)}"
        if roll < 0.9:
            return f"*/{dice.randint(max(2, (high - low) // 4), high - low)}"
        return "*"

    found = []
    for _ in range(count):
        minute, hour = field(0, 59, True), field(0, 23, True)
        if minute == "*":
            minute = "17"
        day = dice.choice(["*", "*", field(1, 31, False), "L", f"L-{dice.randint(1, 29)}"])
        month = dice.choice(["*", "*", field(1, 12, False), ",".join(dice.sample(MONTHS, 3))])
        weekday = dice.choice(
            ["*", "*", "?", f"{dice.randint(0, 6)}-6", dice.choice(WEEKDAYS), f"{dice.randint(0, 7)}L",
             f"{dice.choice(WEEKDAYS)}#{dice.randint(1, 5)}", "*/2", "mon-fri"])
        found.append(f"{minute} {hour} {day} {month} {weekday}")
    return found


def offsets():
    dice = random.Random(5)
    for name in sorted(zoneinfo.available_timezones() - {"localtime"}):
        zone = zoneinfo.ZoneInfo(name)
        print("O", name, end="")
        for _ in range(300):
            moment = dice.randint(-3_786_825_600, 16_725_225_600)
            offset = datetime.datetime.fromtimestamp(moment, zone).utcoffset()
            print("", moment, int(offset.total_seconds()), end="")
        print()
    print("end")


def report(names, zone, spans, step, lines):
    print("Z", *names)
    due = [[] for _ in lines]
    for start, end in spans:
        print("W", start, end)
        for all_times, times in zip(due, walk(zone, start, end, step, lines)):
            all_times.extend(times)
    for index, times in enumerate(due):
        digest = 0
        for time in times:
            digest = (digest * 1_000_003 + time) & 0xFFFF_FFFF_FFFF_FFFF
        print("D", index, len(times), digest)


# Days left out, days shown twice, changes by half and quarter hours and by odd seconds; and months whose clocks
# were moved several times.
PAST = [
    ("Pacific/Apia", 2011, 12, 28, 5),
    ("Pacific/Fakaofo", 2011, 12, 28, 5),
    ("Pacific/Kwajalein", 1993, 8, 19, 5),
    ("Pacific/Kwajalein", 1969, 9, 29, 5),
    ("Asia/Manila", 1844, 12, 29, 5),
    ("America/Juneau", 1867, 10, 17, 5),
    ("America/Caracas", 2007, 12, 8, 3),
    ("America/Caracas", 2016, 4, 30, 3),
    ("Asia/Pyongyang", 2015, 8, 13, 3),
    ("Asia/Pyongyang", 2018, 5, 3, 3),
    ("Asia/Kathmandu", 1985, 12, 30, 4),
    ("Africa/Monrovia", 1972, 1, 5, 4),
    ("Europe/Amsterdam", 1937, 6, 29, 4),
    ("Europe/Dublin", 1916, 5, 20, 3),
    ("Europe/Dublin", 1916, 9, 29, 4),
    ("Asia/Singapore", 1933, 1, 1, 2),
    ("Asia/Singapore", 1941, 8, 30, 4),
    ("Europe/Paris", 1911, 3, 9, 4),
    ("Antarctica/Casey", 2023, 3, 8, 3),
    ("Antarctica/Troll", 2024, 3, 30, 3),
    ("Australia/Lord_Howe", 2024, 4, 5, 4),
    ("America/St_Johns", 2006, 10, 28, 3),
    ("America/St_Johns", 1988, 4, 2, 3),
    ("Africa/Cairo", 2014, 5, 14, 4),
    ("Africa/Casablanca", 2013, 7, 6, 4),
    ("America/Argentina/San_Luis", 2008, 1, 19, 4),
    ("Asia/Gaza", 2011, 7, 31, 4),
    ("Europe/Volgograd", 2020, 12, 26, 3),
]


def main(arguments):
    mode = arguments[0]
    if mode == "list":
        name, start, end, step = arguments[1], *map(int, arguments[2:5])
        for line, times in zip(arguments[5:], walk(zoneinfo.ZoneInfo(name), start, end, step, list(map(Line, arguments[5:])))):
            print(line, *times)
        return
    if mode == "offsets":
        offsets()
        return
    texts = LINES
    if mode == "whole":
        texts = LINES + random_lines(int(arguments[2]), seed=4)
    lines = [Line(text) for text in texts]
    for index, line in enumerate(lines):
        print("L", index, line.text)
    if mode == "windows":
        # Some of the zones, when several share the work: the part and how many parts there are.
        part, parts = map(int, arguments[1:3])
        for names in groups()[part::parts]:
            zone = zoneinfo.ZoneInfo(names[0])
            report(names, zone, stretches(zone), 60, lines)
    elif mode == "whole":
        name = arguments[1]
        end = int(datetime.datetime(2020 + int(arguments[3]), 1, 1, tzinfo=UTC).timestamp())
        report([name], zoneinfo.ZoneInfo(name), [(FIRST, end)], 60, lines)
    elif mode == "past":
        for name, year, month, day, count in PAST:
            start = int(datetime.datetime(year, month, day, tzinfo=UTC).timestamp())
            report([name], zoneinfo.ZoneInfo(name), [(start, start + count * DAY)], 1, lines)
    print("end")


if __name__ == "__main__":
    main(sys.argv[1:])
