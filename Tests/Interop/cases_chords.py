"""Chords that Python clients send.

With the database and folder backends the client sends `celery.chord_unlock` as well, to the queue of the
body. So a body that names the queue `python` has a Python worker look at the results that the
worker under test has written; any other is all of that worker's own.
"""

import contextlib
import datetime

from celery import chain, chord, group

from cases_canvas import failed
from interop_case import case, raised, same


def broken(run):
    return [("ChordError", kind) for kind, _ in failed(run)]


def sums(run):
    return run.sign("tsum", queue="python")


@case(needs=["unlocks", "python"])
def a_chord_and_python(run):
    members = [run.sign("add", number, number) for number in range(10)]
    same(run.get(chord(members, sums(run)).apply_async(), 60), 90)


@case(needs=["unlocks", "python"])
def a_chord_and_what_follows_and_python(run):
    body = chain(sums(run), run.sign("add", 4), run.sign("add", 10)).set(queue="python")
    result = chord([run.sign("add", 1, 1), run.sign("add", 2, 2)], body).apply_async()
    same(run.get(result, 60), 20)


@case(needs=["unlocks", "python"])
def a_chord_with_a_failure_and_python(run):
    members = [run.sign("add", 1, 1), run.sign("fail", "broken")]
    result = chord(members, sums(run)).apply_async()
    return raised(run.get(result, 60, propagate=False), *broken(run))


@case(needs=["unlocks", "python"])
def a_chord_in_a_chain_and_python(run):
    """What the worker under test has to start itself, the chord's own message first."""
    members = group(run.sign("add", 1), run.sign("add", 2))
    result = chain(run.sign("add", 1, 1), members, sums(run), run.sign("add", 5)).apply_async()
    same(run.get(result, 60), 12)


@case(needs=["store"])
def a_chord(run):
    members = [run.sign("add", number, number) for number in range(10)]
    same(run.get(chord(members, run.sign("tsum")).apply_async(), 60), 90)


@case(needs=["store"])
def a_chord_in_order(run):
    """The values come in the order of the members, however long each takes."""
    members = [run.sign("sleep", seconds) for seconds in (1, 0.2, 0.6)]
    same(run.get(chord(members, run.sign("echo")).apply_async(), 60), [1, 0.2, 0.6])


@case(needs=["store"])
def a_chord_with_a_retry(run):
    members = [run.sign("retry", 2), run.sign("echo", "at once")]
    same(run.get(chord(members, run.sign("echo")).apply_async(), 60), [{"retries": 2}, "at once"])


@case(needs=["store"])
def a_chord_and_what_follows(run):
    members = group(run.sign("add", 1, 1), run.sign("add", 2, 2))
    result = chain(members, run.sign("tsum"), run.sign("add", 4), run.sign("add", 10)).apply_async()
    same(run.get(result, 60), 20)


@case(needs=["store"])
def a_chord_in_a_chain(run):
    members = group(run.sign("add", 1), run.sign("add", 2))
    result = chain(run.sign("add", 1, 1), members, run.sign("tsum"), run.sign("add", 5)).apply_async()
    same(run.get(result, 60), 12)


@case(needs=["store"])
def a_chord_of_chains(run):
    members = [chain(run.sign("add", number, 1), run.sign("add", 10)) for number in range(3)]
    same(run.get(chord(members, run.sign("tsum")).apply_async(), 60), 36)


@case(needs=["store"])
def a_chord_with_a_chain_as_its_body(run):
    body = chain(run.sign("tsum"), run.sign("add", 4), run.sign("add", 10))
    same(run.get(chord([run.sign("add", 1, 1), run.sign("add", 2, 2)], body).apply_async(), 60), 20)


@case(needs=["store"])
def a_chord_that_a_worker_sends_sends_its_body_once(run):
    mark = run.key()
    members = group(run.sign("add", 1), run.sign("add", 2))
    run.get(chain(run.sign("add", 1, 1), members, run.sign("mark", mark)).apply_async(), 60)

    def unlocking():
        inspect = run.app.control.inspect(timeout=2)
        answers = [inspect.active(), inspect.reserved(), inspect.scheduled()]
        return "chord_unlock" in repr(answers)

    run.until(lambda: not unlocking(), "the end of what unlocks the chord")
    same(len(run.wait_lines(mark)), 1, "bodies")


@case(needs=["store"])
def chords_one_after_another(run):
    members = group(run.sign("add", 1), run.sign("add", 2))
    result = chain(run.sign("add", 1, 1), members, run.sign("tsum"), members.clone(), run.sign("tsum")).apply_async()
    same(run.get(result, 60), 17)


@case(needs=["store"])
def a_chord_in_a_chord(run):
    inner = chord([run.sign("add", 1, 1), run.sign("add", 2, 2)], run.sign("tsum"))
    same(run.get(chord([inner, run.sign("add", 10, 10)], run.sign("tsum")).apply_async(), 60), 26)


@case(needs=["store"])
def a_chord_in_a_group_in_a_chain(run):
    """All of it is sent by the worker under test."""
    inner = chord([run.sign("add", 1), run.sign("add", 2)], run.sign("tsum"))
    result = chain(run.sign("add", 1, 1), group(inner, run.sign("add", 10)), run.sign("tsum")).apply_async()
    same(run.get(result, 60), 19)


@case(needs=["store"])
def a_chord_with_a_group_as_its_body(run):
    body = group(run.sign("tsum"), run.sign("echo"))
    same(run.get(chord([run.sign("add", 1, 1), run.sign("add", 2, 2)], body).apply_async(), 60), [6, [2, 4]])


@case(needs=["store", "5.7"])
def a_chord_with_a_link(run):
    key = run.key()
    result = chord([run.sign("add", 1, 1), run.sign("add", 2, 2)], run.sign("tsum")).apply_async(link=run.sign("mark", key))
    same(run.get(result, 60), 6)
    same(run.wait_lines(key), ["6"], "mark")


@case(needs=["store", "5.7"])
def a_chord_with_a_failure(run):
    members = [run.sign("add", 1, 1), run.sign("fail", "broken")]
    result = chord(members, run.sign("tsum")).apply_async(link_error=run.sign("errback"))
    found = raised(run.get(result, 60, propagate=False), *broken(run))
    same(result.state, "FAILURE", "state")
    if run.peer == "ours":
        same(f"Dependency {result.parent.results[1].id} raised" in found, True, "the id of the failed member in the text")
    same(run.wait_lines(f"errback-{result.id}"), [result.id], "mark")
    return found


@case(needs=["store"])
def a_chord_with_a_failure_and_what_follows(run):
    """What comes after the chord has the failure of its body."""
    members = group(run.sign("add", 1, 1), run.sign("fail", "broken"))
    result = chain(members, run.sign("tsum"), run.sign("add", 4), run.sign("add", 10)).apply_async()
    raised(run.get(result, 60, propagate=False), *broken(run))
    same(result.state, "FAILURE", "state")


@case(needs=["store", "breaks"])
def a_chain_that_breaks_before_a_chord(run):
    """The failure goes into the body of the chord, and beyond."""
    members = group(run.sign("add", 1), run.sign("add", 2))
    result = chain(run.sign("fail", "broken"), members, run.sign("tsum"), run.sign("add", 5)).apply_async()
    for node in (result, result.parent):
        raised(run.get(node, 60, propagate=False), *failed(run))
        same(node.state, "FAILURE", "state")


@case(needs=["store"])
def a_chord_with_a_chain_that_breaks(run):
    members = [chain(run.sign("fail", "broken"), run.sign("add", 1)), run.sign("add", 1, 1)]
    raised(run.get(chord(members, run.sign("tsum")).apply_async(), 60, propagate=False), *broken(run))


@case(needs=["store"])
def a_chord_with_a_member_that_expires(run):
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
    members = [run.sign("add", 1, 1), run.sign("add", 1, 2, expires=past, countdown=0.5)]
    return raised(
        run.get(chord(members, run.sign("tsum")).apply_async(), 60, propagate=False), ("ChordError", "TaskRevokedError"))


@contextlib.contextmanager
def chords_over_rpc(run):
    """Python's client refuses to send chords with rpc://, whose results its own workers cannot look up; ours can."""
    run.app.backend.ensure_chords_allowed = lambda: None
    try:
        yield
    finally:
        del run.app.backend.ensure_chords_allowed


@case(needs=["rpc", "kept"])
def a_chord_over_rpc(run):
    with chords_over_rpc(run):
        result = chord([run.sign("add", number, number) for number in range(10)], run.sign("tsum")).apply_async()
    same(run.get(result, 60), 90)


@case(needs=["rpc", "kept"])
def a_chord_in_a_chain_over_rpc(run):
    members = group(run.sign("add", 1), run.sign("add", 2))
    with chords_over_rpc(run):
        result = chain(run.sign("add", 1, 1), members, run.sign("tsum"), run.sign("add", 5)).apply_async()
    same(run.get(result, 60), 12)


@case(needs=["rpc", "kept"])
def a_chord_with_a_failure_over_rpc(run):
    members = [run.sign("add", 1, 1), run.sign("fail", "broken")]
    with chords_over_rpc(run):
        result = chord(members, run.sign("tsum")).apply_async()
    return raised(run.get(result, 60, propagate=False), *broken(run))


@case(needs=["chords"])
def chords_at_once(run):
    """Whoever ends last sends the body, and nobody else: also with workers of both kinds in one queue."""
    marks = [run.key() for _ in range(20)]
    results = [chord([run.sign("add", number, each) for each in range(20)], run.sign("mark", mark)).apply_async()
               for number, mark in enumerate(marks)]
    for result in results:
        run.get(result, 60)
    same([len(run.wait_lines(mark)) for mark in marks], [1] * 20, "bodies")


@case(needs=["chords"])
def chord_with_a_failure_in_the_middle(run):
    members = [run.sign("add", 1, 1), run.sign("fail", "broken"), run.sign("add", 2, 2)]
    result = chord(members, run.sign("tsum")).apply_async()
    return raised(run.get(result, 60, propagate=False), *broken(run))
