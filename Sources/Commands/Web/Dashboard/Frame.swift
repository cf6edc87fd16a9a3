import CeleryCore
import Client
import WebServer

/// What stands around every page.
struct Frame {
    let dashboard: Dashboard
    let viewer: Viewer

    func html(_ page: Page, _ notice: Notice?) -> HTML {
        let title = page.area == .overview ? "celery" : "\(page.title) - celery"
        let areas = Page.Area.allCases.map { area -> HTML in
            let mark: HTML = area == page.area ? " aria-current=\"page\"" : ""
            return "<li><a href=\"\(area.path)\"\(mark)>\(area.title)</a></li>"
        }
        return """
            \(Self.start(title))
            <body data-live="/live">
            <a class="skip" href="#main">Skip to the content</a>
            <header><nav aria-label="Pages"><ul>\(areas)</ul></nav><p id="updates"></p></header>
            <main id="main" tabindex="-1">
            <h1>\(page.title)</h1>
            \(notice.map(Self.shown))
            \(page.head)
            <div id="live">
            \(page.body)
            </div>
            </main>
            <footer>\(foot)</footer>
            </body>
            </html>

            """
    }

    /// The head of a document.
    static func start(_ title: String) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title)</title>
        <link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
        <link rel="stylesheet" href="/assets/style.css">
        <script src="/assets/live.js" defer></script>
        </head>
        """
    }

    private static func shown(_ notice: Notice) -> HTML {
        "<div class=\"notice\" role=\"status\"><p>\(notice.text)</p>\(notice.command.map(ShellLine.html))</div>"
    }

    private var foot: HTML {
        let store = (try? dashboard.client.store.location).map { $0 == dashboard.client.broker.location ? "" : "; results: \($0)" } ?? ""
        let rights = viewer.mayAct ? "" : viewer.isReadOnly ? " This server is read-only." : " You may look, not act."
        return """
            <p>Broker: \(dashboard.client.broker.location)\(store).\(rights)</p>
            <p>Celery \(Version.text). Times are those of \(Shown.zone(viewer.now)); it is <time>\(LocalTime.text(viewer.now))</time>.</p>
            """
    }
}
