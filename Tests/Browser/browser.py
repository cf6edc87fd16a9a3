"""Tests/Browser/run says what this is."""

import argparse
import gzip
import os
import pathlib
import sys
import traceback
import urllib.parse
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from actions import ACTIONS  # noqa: E402
from fleet import Fleet  # noqa: E402
from harness import FACTOR  # noqa: E402

WIDTHS = {"wide": 1_280, "narrow": 390}
SCHEMES = ("light", "dark")
LIMIT = 40_000


class Look:
    """A browser at the dashboard of a fleet, and what it found."""

    def __init__(self, browser, fleet, pictures):
        self.browser, self.fleet, self.pictures = browser, fleet, pictures
        self.passed = self.failed = 0
        # What the browser itself complained about, and requests to anybody else.
        self.complaints = []

    @property
    def paths(self):
        """A name and an address for each kind of page."""
        return {
            "overview": "/", "tasks": "/tasks", "failed": "/tasks?state=failure", "task-running": f"/task/{self.fleet.running}",
            "task-failed": f"/task/{self.fleet.failed[0]}", "queues": "/queues", "queue": "/queues/orders", "workers": "/workers",
            "beat": "/beat", "sets": "/sets", "dead": "/dead", "letter": f"/dead/{self.fleet.dead[0]}", "nothing": "/task/nobody",
        }

    def page(self, **options):
        """A page whose complaints are noted."""
        page = self.browser.new_context(base_url=self.fleet.address, **options).new_page()
        page.set_default_timeout(10_000 * FACTOR)
        page.on("console", self.listen)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("dialog", lambda dialog: (self.complaints.append(f"{page.url}: dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", self.watch)
        return page

    def listen(self, message):
        if message.type not in ("error", "warning"):
            return
        place = message.location.get("url", "")
        # A page that is not there says so with its status, which the browser repeats as an error.
        if not (place.endswith("/task/nobody") and "404" in message.text):
            self.complaints.append(f"{place}: {message.text}")

    def watch(self, request):
        if urllib.parse.urlsplit(request.url).netloc != urllib.parse.urlsplit(self.fleet.address).netloc:
            self.complaints.append(f"a request to {request.url}")

    def check(self, what, body):
        """One test: passes unless it throws, or the browser complained meanwhile."""
        self.complaints.clear()
        try:
            body()
            assert not self.complaints, "\n".join(self.complaints)
            self.passed += 1
        except Exception:
            self.failed += 1
            print(f"FAILED: {what}\n{traceback.format_exc(limit=-3)}", flush=True)


def pages(look):
    """Each page at each width in each scheme: complete, within the window, without a barrier; and its picture."""
    for scheme in SCHEMES:
        for size, width in WIDTHS.items():
            page = look.page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for name, path in look.paths.items():
                look.check(f"{name}, {size}, {scheme}", lambda: one_page(look, page, name, path, f"{name}-{size}-{scheme}"))
            page.context.close()
    look.check("pages are small", lambda: sizes(look))


def one_page(look, page, name, path, picture):
    answer = page.goto(path)
    assert answer.status == (404 if name == "nothing" else 200), answer.status
    expect(page.locator("h1")).to_have_count(1)
    page.screenshot(path=look.pictures / f"{picture}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the window"
    assert page.locator("img[src=x]").count() == 0, "a name became HTML"
    # With all actions open: they have to be usable as well.
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found = [
        f"{each['impact']} {each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")
    ]
    assert not found, "\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "with actions open, the page is wider than the window"


def sizes(look):
    def packed(path):
        with urllib.request.urlopen(look.fleet.address + path) as answer:
            return len(gzip.compress(answer.read()))

    loaded = sum(packed(f"/assets/{name}") for name in ("style.css", "live.js", "icon.svg"))
    for name, path in look.paths.items():
        if name != "nothing":
            size = packed(path) + loaded
            assert size < LIMIT, f"{name}: {size} bytes"


def script(look):
    """What happens shows on an open page, and nothing that somebody does is disturbed by it."""
    page = look.page()

    def updates():
        page.goto("/tasks?queue=live")
        page.evaluate("window.mark = 1")
        task = look.fleet.apply("shop.tasks.add", "7", "-Q", "live")
        expect(page.get_by_role("link", name=task)).to_be_visible()
        assert page.evaluate("window.mark") == 1, "the page was loaded again"

    def undisturbed():
        page.goto("/queues")
        action = page.locator("details.action", has_text="Pause queue orders")
        action.locator("summary").click()
        field = action.get_by_label("Reason")
        field.fill("half a sentence")
        before = page.evaluate("performance.getEntriesByType('resource').length")
        look.fleet.apply("shop.tasks.add", "8", "-Q", "live")
        # Longer than the server lets an open page rest.
        page.wait_for_timeout(7_000)
        expect(field).to_have_value("half a sentence")
        assert page.evaluate("performance.getEntriesByType('resource').length") == before, "the page was asked for all the same"

    def paused():
        page.goto("/tasks?queue=live")
        page.get_by_role("button", name="Pause updates").click()
        task = look.fleet.apply("shop.tasks.add", "9", "-Q", "live")
        page.wait_for_timeout(7_000)
        expect(page.get_by_role("link", name=task)).to_have_count(0)
        page.get_by_role("button", name="Resume updates").click()
        expect(page.get_by_role("link", name=task)).to_be_visible()

    def focus_stays():
        page.goto("/tasks?queue=live")
        link = page.locator("#live a.id").first
        target = link.get_attribute("href")
        link.focus()
        task = look.fleet.apply("shop.tasks.add", "10", "-Q", "live")
        expect(page.get_by_role("link", name=task)).to_be_visible()
        assert page.evaluate("document.activeElement.getAttribute('href')") == target

    look.check("an open page shows what happens, without being loaded again", updates)
    look.check("a form that is being filled in is left alone", undisturbed)
    look.check("updates can be stopped", paused)
    look.check("the focus stays where it is", focus_stays)
    page.context.close()


def actions(look):
    """Each action by mouse, with JavaScript."""
    page = look.page()
    for what, body in ACTIONS.items():
        look.check(what, lambda: body(page, look.fleet))
    page.context.close()


def plain(look):
    """Each page, a search and an action without JavaScript."""
    page = look.page(java_script_enabled=False)

    def complete(path, name):
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("#updates button")).to_have_count(0)
        assert name == "nothing" or page.locator("main").inner_text().strip()

    for name, path in look.paths.items():
        look.check(f"{name} without JavaScript", lambda: complete(path, name))

    def search():
        page.goto("/tasks")
        page.get_by_label("State").select_option("failure")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("link", name=look.fleet.failed[0])).to_be_visible()

    def act():
        page.goto(f"/task/{look.fleet.failed[1]}")
        action = page.locator("details.action", has_text="Retry this task")
        action.locator("summary").click()
        expect(action.get_by_text(f"celery retry {look.fleet.failed[1]}")).to_be_visible()
        action.locator("form button").click()
        expect(page.locator(".notice")).to_contain_text("Sent again as ")

    look.check("a search without JavaScript", search)
    look.check("an action without JavaScript", act)
    page.context.close()


def keys(look):
    """The keyboard alone."""
    page = look.page()

    def skip():
        page.goto("/queues")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()

    def menu():
        page.goto("/")
        page.keyboard.press("Tab")
        for _ in range(3):
            page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Queues", exact=True).first).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/queues")

    def act():
        page.goto(f"/task/{look.fleet.failed[2]}")
        page.locator("details.action", has_text="Retry this task").locator("summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".notice")).to_contain_text("Sent again as ")

    look.check("the first Tab leads past the menu", skip)
    look.check("the menu is reached by Tab", menu)
    look.check("an action is opened and done by keys", act)
    page.context.close()


PARTS = {"pages": pages, "script": script, "plain": plain, "keys": keys, "actions": actions}


def main():
    parser = argparse.ArgumentParser(prog="Tests/Browser/run")
    parser.add_argument("--pictures", type=pathlib.Path, help="folder for the pictures; by default one in the temporary folder")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("parts", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    fleet = Fleet()
    pictures = options.pictures or fleet.project.base / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    look = None
    try:
        fleet.start()
        expect.set_options(timeout=10_000 * FACTOR)
        with sync_playwright() as playwright:
            sandbox = [] if os.getuid() else ["--no-sandbox"]
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=sandbox)
            look = Look(browser, fleet, pictures)
            # Actions come last: they use up what the other parts look at.
            for name, part in PARTS.items():
                if not options.parts or name in options.parts:
                    part(look)
            browser.close()
    finally:
        is_well = look is not None and look.failed == 0
        fleet.close(keep=options.keep or not is_well)
    print(f"{look.passed} passed, {look.failed} failed")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
