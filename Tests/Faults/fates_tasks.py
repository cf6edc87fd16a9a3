"""The tasks of run-fates: what each is told to do, and what may become of it."""

import uuid

# $1 what, $2 a number, $3 seconds. One write a line, so that lines of several attempts do not mix.
PROGRAM = """#!/bin/bash
# celery: ack={ack} crash_limit={crashes} max_retries=5 retry_delay=0.2 soft_time_limit={soft} time_limit={hard}
say() {{ printf '%s %s %s\\n' "$1" "$CELERY_ATTEMPT" "$EPOCHREALTIME" >> "$MARKS/$CELERY_TASK_ID"; }}
say begin
case $1 in
tree) (setsid sleep 3001 &); sleep 3002 & ;;
soft) trap 'say end; exit 1' TERM; sleep 3003 & wait ;;
hard) trap '' TERM; (setsid bash -c 'trap "" TERM; sleep 3004' &); say end; sleep 3005 ;;
crash) [ "$(grep -c begin "$MARKS/$CELERY_TASK_ID")" -gt "$2" ] || {{ kill -9 $PPID; sleep 3006; }} ;;
esac
sleep "$3"
say end
case $1 in
fail) exit "$2" ;;
signal) kill -"$2" $$ ;;
retry) [ "$CELERY_TASK_RETRIES" -ge "$2" ] || exit 75 ;;
esac
printf '{{"id": "%s", "attempt": %s}}\\n' "$CELERY_TASK_ID" "$CELERY_ATTEMPT"
"""


def programs():
    """name -> text; an acknowledgement and limits for each."""
    return {
        f"{ack}{suffix}": PROGRAM.format(ack=ack, soft=soft, hard=hard, crashes=crashes)
        for ack in ("late", "early")
        for suffix, soft, hard, crashes in (
            ("", 40, 60, 1000), ("_soft", 0.3, 60, 1000), ("_hard", 0.4, 0.5, 1000), ("_crash", 40, 60, 2))}


class Expectation:
    """What may become of a task that nothing befalls, or that loses its process."""

    def __init__(self, rng):
        self.id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.is_late = rng.random() < 0.7
        self.what = rng.choices(
            ["ok", "fail", "signal", "retry", "tree", "soft", "hard", "crash"], [8, 3, 2, 3, 3, 1, 1, 1])[0]
        self.number = {
            "fail": rng.choice([1, 3, 99]), "signal": rng.choice([10, 15]), "retry": rng.choice([1, 2]),
            # How often it kills its child: once is forgiven, and no end of it is not.
            "crash": rng.choice([1, 99]),
        }.get(self.what, 0)
        self.seconds = rng.choice([0, 0.01, 0.05, 0.3])

    @property
    def line(self):
        suffix = f"_{self.what}" if self.what in ("soft", "hard", "crash") else ""
        name = f"fates.tasks.{'late' if self.is_late else 'early'}{suffix}"
        return {"id": self.id, "task": name, "args": [self.what, str(self.number), str(self.seconds)]}

    @property
    def failure(self):
        """The type of the error it ends with; None for success."""
        if self.what == "crash" and not self.is_late:
            return "WorkerLostError"
        return {
            "fail": "CalledProcessError", "signal": "CalledProcessError", "soft": "SoftTimeLimitExceeded", "hard": "TimeLimitExceeded",
            "crash": "WorkerLostError" if self.number > 1 else None,
        }.get(self.what)

    def __str__(self):
        return f"{self.id} ({'late' if self.is_late else 'early'} {self.what} {self.number} {self.seconds})"
