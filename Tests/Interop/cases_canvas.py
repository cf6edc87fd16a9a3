"""Callbacks, chains and groups that Python clients send."""

from celery import chain, group

from cases_failures import expected
from interop_case import case, raised, same


def failed(run):
    return expected(run, python=("SoldOut", "broken"), ours=("CalledProcessError", "3"))


@case
def link(run):
    key = run.key()
    result = run.send("add", 2, 2, link=run.sign("mark", key))
    same(run.get(result), 4)
    same(run.wait_lines(key), ["4"], "mark")


# Tables keep them since then.
@case(needs=["5.7"])
def children_of_a_link(run):
    key = run.key()
    result = run.send("add", 2, 2, link=run.sign("mark", key))
    same(run.get(result), 4)
    same(len(result.children or []), 1, "children")


@case
def link_of_several(run):
    keys = [run.key() for _ in range(3)]
    links = [run.sign("mark", keys[0]), run.sign("mark", keys[1]), run.sign("mark", "fixed", keys[2], immutable=True)]
    same(run.get(run.send("add", 2, 2, link=links)), 4)
    same([run.wait_lines(key) for key in keys], [["4"], ["4"], ["fixed"]], "marks")


@case
def no_link_after_a_failure(run):
    key = run.key()
    result = run.send("fail", "broken", link=run.sign("mark", key))
    raised(run.failure(result), *failed(run))
    same(run.get(run.send("add", 1, 1)), 2)
    same(run.lines(key), [], "marks")


@case
def link_error(run):
    result = run.send("fail", "broken", link_error=run.sign("errback"))
    raised(run.failure(result), *failed(run))
    same(run.wait_lines(f"errback-{result.id}"), [result.id], "mark")


@case
def link_error_of_several(run):
    errbacks = [run.sign("errback"), run.sign("mark", run.key()), run.sign("mark", "fixed", key := run.key(), immutable=True)]
    result = run.send("fail", "broken", link_error=errbacks)
    raised(run.failure(result), *failed(run))
    same(run.wait_lines(f"errback-{result.id}"), [result.id], "mark")
    same(run.wait_lines(errbacks[1].args[0]), [result.id], "mark")
    same(run.wait_lines(key), ["fixed"], "mark")


@case(needs=["alone"])
def link_error_with_several_arguments(run):
    """Python calls it with request, error and traceback; our worker cannot, and sends it the id.

    So an errback of this kind must be a program where a worker of ours may run the task.
    """
    result = run.send("fail", "broken", link_error=run.sign("errback_of_three"))
    raised(run.failure(result), *failed(run))
    same(run.wait_lines(f"errback-{result.id}"), [result.id], "mark")


@case
def link_error_nobody_has(run):
    """One errback that fails is no harm to the others."""
    result = run.send("fail", "broken", link_error=[run.sign("interop.tasks.nowhere"), run.sign("errback")])
    raised(run.failure(result), *failed(run))
    same(run.wait_lines(f"errback-{result.id}"), [result.id], "mark")


@case
def chain_to_its_end(run):
    last = chain(run.sign("add", 2, 2), run.sign("add", 4), run.sign("add", 8)).apply_async()
    same(run.get(last), 16)
    same(run.get(last.parent), 8)
    same(run.get(last.parent.parent), 4)


@case
def chain_knows_its_root(run):
    last = chain(run.sign("add", 1, 1), run.sign("add", 1), run.sign("request", immutable=True)).apply_async()
    known = run.get(last)
    same((known["parent_id"], known["root_id"]), (last.parent.id, last.parent.parent.id), "parent and root")


@case
def chain_with_an_immutable_step(run):
    same(run.get(chain(run.sign("add", 2, 2), run.sign("add", 5, 5, immutable=True), run.sign("add", 1)).apply_async()), 11)


@case
def chain_that_breaks(run):
    """Every member after the one that fails has the same FAILURE."""
    last = chain(
        run.sign("add", 1, 1), run.sign("fail", "broken", immutable=True), run.sign("add", 1), run.sign("add", 2)).apply_async()
    nodes = [last, last.parent, last.parent.parent, last.parent.parent.parent]
    for node in nodes[:3]:
        raised(run.get(node, propagate=False), *failed(run))
        same(node.state, "FAILURE", "state")
    same(run.get(nodes[3]), 2)


@case
def chain_that_breaks_with_an_errback(run):
    first = run.sign("fail", "broken")
    last = chain(first, run.sign("add", 1)).apply_async(link_error=run.sign("errback"))
    raised(run.failure(last), *failed(run))
    same(run.wait_lines(f"errback-{last.parent.id}"), [last.parent.id], "mark")


@case
def chain_ending_in_a_group(run):
    result = chain(run.sign("add", 1, 1), group(run.sign("add", 10), run.sign("add", 20))).apply_async()
    same(run.get(result), [12, 22])


@case
def chain_beginning_with_a_retry(run):
    same(run.get(chain(run.sign("example.unsteady", 1), run.sign("echo")).apply_async())
         if run.peer == "python" else run.get(chain(run.sign("retry", 1), run.sign("echo")).apply_async()),
         "worked after 1 retries" if run.peer == "python" else {"retries": 1})


@case
def a_group(run):
    result = group(run.sign("add", number, number) for number in range(20)).apply_async()
    same(run.get(result), [2 * number for number in range(20)])
    same((result.successful(), result.completed_count()), (True, 20), "successful and completed")


@case
def a_group_with_a_failure(run):
    result = group(run.sign("add", 1, 1), run.sign("fail", "broken"), run.sign("add", 2, 2)).apply_async()
    values = run.get(result, propagate=False)
    same((values[0], values[2]), (2, 4))
    raised(values[1], *failed(run))
    same(result.failed(), True, "failed()")


@case
def group_members_know_their_group(run):
    result = group(run.sign("request") for _ in range(3)).apply_async()
    same({known["group_id"] for known in run.get(result)}, {result.id}, "group ids")
