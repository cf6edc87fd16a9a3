"""Every action of the dashboard, as a person does it: opened, read, done. Each checks in a shell what came of it."""

import re

from playwright.sync_api import expect


def act(page, action, command, fields=None, outcome=""):
    """Opens an action, checks the command that it shows, fills in its fields, does it, and reads the notice."""
    details = page.locator("details.action").filter(has=page.locator("summary", has_text=re.compile(f"^{re.escape(action)}\\s*$")))
    details.locator("summary").click()
    expect(details.locator(".command code")).to_contain_text(command)
    for label, value in (fields or {}).items():
        details.get_by_label(label, exact=True).fill(value)
    details.locator("form button").click()
    notice = page.locator(".notice")
    expect(notice).to_contain_text(outcome)
    return notice.inner_text()


def waits(fleet, queue):
    return fleet.project.value("SELECT count(*) FROM message WHERE queue = ?", queue)


def pause_and_resume(page, fleet):
    page.goto("/queues")
    act(page, "Pause queue orders", "celery queues pause orders", {"For": "2h", "Reason": "stocktaking"}, "Paused queue orders")
    expect(page.locator("tr", has_text="orders")).to_contain_text("stocktaking")
    assert "stocktaking" in fleet.project.run("queues").stdout
    act(page, "Resume queue orders", "celery queues resume orders", outcome="Resumed queue orders")
    assert "stocktaking" not in fleet.project.run("queues").stdout


def purge(page, fleet):
    page.goto("/queues/orders")
    act(page, "Purge queue orders", "celery purge -Q orders --force", outcome="Erased 3 messages")
    assert waits(fleet, "orders") == 0


def retry(page, fleet):
    page.goto(f"/task/{fleet.failed[0]}")
    told = act(page, "Retry this task", f"celery retry {fleet.failed[0]}", outcome="Sent again as ")
    fleet.wait_for(re.search(r"as (\S+)\.", told)[1], "FAILURE")


def retry_all(page, fleet):
    page.goto("/tasks?state=failure&task=shop.tasks.fail")
    act(page, "Retry all that match", "celery retry --state failure --task shop.tasks.fail", outcome="tasks again")


def revoke(page, fleet):
    task = fleet.apply("shop.tasks.add", "1", "-Q", "nobody")
    page.goto(f"/task/{task}")
    act(page, "Revoke this task", f"celery revoke {task}", outcome="Revoked")
    fleet.wait_for(task, "REVOKED")


def revoke_all(page, fleet):
    tasks = [fleet.apply("shop.tasks.add", str(number), "-Q", "nobody") for number in range(3)]
    page.goto("/tasks?state=waiting&queue=nobody")
    act(page, "Revoke all that match", "celery list -n 1000000 --state waiting --queue nobody", outcome="Revoked 3 tasks")
    for task in tasks:
        fleet.wait_for(task, "REVOKED")


def terminate(page, fleet):
    task = fleet.apply("shop.tasks.wait", "never")
    fleet.wait_for(task, "PROGRESS")
    page.goto(f"/task/{task}")
    act(page, "Terminate this task", f"celery revoke --terminate {task}", outcome="stops it")
    fleet.wait_for(task, "REVOKED")


def progress(page, fleet):
    page.goto(f"/task/{fleet.running}")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "50")
    (fleet.project.folder / "go").touch()
    expect(page.locator(".state", has_text="SUCCESS").first).to_be_visible()


def control(page, fleet):
    def pool(size):
        expect(page.locator("dd", has_text=re.compile(f"^{size} child"))).to_be_visible()

    page.goto("/workers")
    pool(2)
    act(page, "Grow on shop@here", "celery control -d shop@here pool_grow N", {"Children": "2"}, "shop@here")
    pool(4)
    act(page, "Shrink on shop@here", "celery control -d shop@here pool_shrink N", {"Children": "1"}, "shop@here")
    pool(3)
    act(page, "Add queue on shop@here", "celery control -d shop@here add_consumer QUEUE", {"Queue": "more"}, "shop@here")
    expect(page.get_by_role("link", name="more", exact=True)).to_be_visible()
    act(page, "Cancel queue on shop@here", "celery control -d shop@here cancel_consumer QUEUE", {"Queue": "more"}, "shop@here")
    expect(page.get_by_role("link", name="more", exact=True)).to_have_count(0)
    act(page, "Renew pool on shop@here", "celery control -d shop@here pool_restart", outcome="shop@here")


def shut_down(page, fleet):
    page.goto("/workers")
    act(page, "Shut down on shop@here", "celery control -d shop@here shutdown", outcome="was told: shutdown")
    assert fleet.project.wait_for(
        lambda: fleet.project.run("celeryd", "--is-running", "-p", "worker.pid").returncode == 1, 20, "the worker to stop")
    fleet.worker()


def beat(page, fleet):
    page.goto("/beat")
    act(page, "Run nightly", "celery beat run nightly", outcome="Sent nightly as ")
    act(page, "Pause nightly", "celery beat pause nightly", {"For": "1h", "Reason": "audit"}, "Paused nightly")
    expect(page.locator("tr", has_text="nightly")).to_contain_text("audit")
    act(page, "Resume nightly", "celery beat resume nightly", outcome="Resumed nightly")
    act(page, "Backfill nightly", "celery beat backfill nightly FROM TO", {"From": "yesterday", "To": "now"}, "of nightly")


def dead(page, fleet):
    page.goto("/dead")
    act(page, f"Drop {fleet.dead[0]}", f"celery dead drop {fleet.dead[0]}", outcome="Deleted 1 dead letter.")
    page.goto(f"/dead/{fleet.dead[1]}")
    act(page, f"Replay {fleet.dead[1]}", f"celery dead replay {fleet.dead[1]}", outcome="Sent 1 dead letter again.")
    page.goto("/dead?task=shop.tasks.gone")
    act(page, "Replay all that match", "celery dead replay --task shop.tasks.gone", outcome="again.")
    assert fleet.project.wait_for(lambda: fleet.dead[2] in fleet.project.run("dead", "list").stdout, 20, "the letter to come back")
    page.goto("/dead")
    act(page, "Drop all that match", "celery dead drop --force --all", outcome="Deleted ")


def sets(page, fleet):
    page.goto("/sets")
    page.locator("a.id").first.click()
    expect(page.get_by_role("heading", name=re.compile("^Task-set "))).to_be_visible()
    act(page, "Revoke what is left of this set", "celery taskset --revoke ", outcome="Revoked 5 tasks")


def paging(page, fleet):
    lines = "".join(f'{{"task": "shop.tasks.add", "args": [{number}]}}\n' for number in range(120))
    fleet.check(fleet.project.run("apply", "--batch", "-", "-Q", "many", input=lines))
    page.goto("/tasks?queue=many")
    seen = []
    while True:
        seen += page.locator("#live a.id").all_inner_texts()
        older = page.get_by_role("link", name="Older")
        if not older.count():
            break
        page.goto(older.get_attribute("href"))
    assert len(seen) == len(set(seen)) == 120, f"{len(seen)} rows, {len(set(seen))} tasks"


ACTIONS = {
    "a queue is paused and resumed": pause_and_resume,
    "a queue is purged": purge,
    "a task is sent again": retry,
    "all tasks that match are sent again": retry_all,
    "a task is revoked": revoke,
    "all tasks that match are revoked": revoke_all,
    "a running task is terminated": terminate,
    "a running task shows its progress, and its end": progress,
    "a worker is controlled": control,
    "periodic tasks are run, paused, resumed and backfilled": beat,
    "dead letters are sent again and dropped": dead,
    "what is left of a task-set is revoked": sets,
    "every task is on one of many pages": paging,
    "a worker is shut down": shut_down,
}
