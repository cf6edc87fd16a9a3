"""What a server may do to an HTTP task, and what celery(7) says that comes of it."""

import dataclasses

RIGHT = "right"


@dataclasses.dataclass
class Case:
    """A path of the server, and how each task that calls it must end."""

    path: str
    state: str
    # Type and part of the text of the error; for a success the return value.
    error: str = ""
    words: str = ""
    value: object = RIGHT
    # Requests to the path, for each task.
    requests: int = 1
    # Attempts that the result tells.
    attempts: int = 1
    options: str = ""
    # Of several cases with one path.
    suffix: str = ""
    # Seconds between two requests of a task at least.
    gap: float = 0.0
    # Whether libcurl may send a request again, over another connection, as it does for one that was kept and turns out to be closed.
    repeats: bool = False

    @property
    def task(self):
        return f"faults.{self.path}{self.suffix}"


def succeeds(path, **more):
    return Case(path, "SUCCESS", **more)


def fails(path, error, words, **more):
    return Case(path, "FAILURE", error, words, **more)


def again(path, error, words, tries=2, **more):
    """Fails after all retries."""
    return fails(path, error, words, requests=tries, attempts=tries, **more)


QUICK = 'timeout = "1s"\n'
# An hour between attempts, unless the server says otherwise.
PATIENT = "retry_delay = 3600\nmax_retries = 5\n"

CASES = [
    succeeds("ok"),
    succeeds("slow-first"),
    succeeds("slow-body"),
    again("never", "TimeoutError", "timed out", options=QUICK),
    again("endless-body", "TimeoutError", "timed out", options=QUICK),
    again("endless-waiting", "TimeoutError", "timed out", options=QUICK),
    fails("never", "TimeLimitExceeded", "", suffix="-hard", options="time_limit = 1\n"),
    fails("never", "SoftTimeLimitExceeded", "", suffix="-soft", options="soft_time_limit = 1\n"),
    again("cut", "ConnectionError", "/cut: "),
    again("cut-chunks", "ConnectionError", "/cut-chunks: "),
    again("cut-head", "ConnectionError", "/cut-head: "),
    again("cut-reset", "ConnectionError", "/cut-reset: "),
    again("silent", "ConnectionError", "/silent: ", repeats=True),
    succeeds("once-cut", requests=2, attempts=2),
    fails("huge", "OutputTooLarge", "answered more than 100000 bytes", options="max_output = 100_000\n"),
    fails("huge-length", "OutputTooLarge", "answered more than 100000 bytes", options="max_output = 100_000\n"),
    fails("huge-head", "OutputTooLarge", "", options="max_output = 100_000\n"),
    fails("wrong-json", "InvalidResponseError", "answered something that is not JSON"),
    succeeds("wrong-length", value={"right": 1}),
    fails("short-length", "InvalidResponseError", "answered something that is not JSON"),
    again("bad-length", "InvalidResponseError", "/bad-length: "),
    again("no-http", "InvalidResponseError", "/no-http: "),
    fails("failure", "RemoteExecuteError", "out of paper"),
    fails("redirect", "InvalidResponseError", "redirects to http://169.254.169.254/latest/meta-data/ (302), which is not followed"),
    succeeds("busy-503", requests=2, attempts=2, options=PATIENT, gap=1),
    succeeds("busy-429", requests=3, attempts=3, options=PATIENT, gap=1),
    again("always-503", "HTTPError", "answered 503: busy", tries=4, options="max_retries = 3\n"),
    fails("missing", "HTTPError", "answered 404: no such thing"),
    again("trouble", "HTTPError", "answered 500: a bug", tries=3, options="max_retries = 2\n"),
    succeeds("once-trouble", requests=2, attempts=2),
    succeeds("accepted"),
    fails("accepted-elsewhere", "InvalidResponseError", "names a Location of another server: http://169.254.169.254/latest"),
]

# (url, how it ends). The host is listed by its name; what it resolves to decides.
INSIDE = "has an address that is not public"
DISPATCHES = [
    ("http://good.turn.test/ok", ""),
    ("http://also-link.turn.test/ok", INSIDE),
    ("http://only-link.turn.test/ok", INSIDE),
    ("http://zero.turn.test/ok", INSIDE),
    ("http://six.turn.test/ok", INSIDE),
    ("http://mapped.turn.test/ok", INSIDE),
    ("http://unique.turn.test/ok", INSIDE),
    ("http://inner.turn.test/ok", INSIDE),
    ("http://169.254.169.254/ok", "is not listed in CELERY_HTTP_HOSTS"),
    ("http://127.0.0.1/ok", "is not listed in CELERY_HTTP_HOSTS"),
    ("http://[::1]/ok", "is not listed in CELERY_HTTP_HOSTS"),
    ("http://2852039166/ok", ""),
    ("http://good.turn.test@169.254.169.254/ok", ""),
]
