import CeleryCore
import WebServer

/// `/healthcheck` and `/metrics`.
struct MetricsRoutes: Sendable {
    let page: MetricsPage
    let failures: WebFailures

    var routes: [WebRoute] {
        [
            // Tells nothing but that the server runs, so that nobody needs credentials for it.
            WebRoute("GET", "/healthcheck", .open) { _ in .now(.text("OK")) },
            WebRoute("GET", "/healthcheck/complete", .right(.read)) { _ in
                failures.answer {
                    _ = try await page.families()
                    return .text("OK")
                }
            },
            WebRoute("GET", "/metrics", .right(.read)) { call in
                failures.answer {
                    let format = MetricsText.Format(accept: call.request.header("accept"))
                    return .text(MetricsText(format: format).text(try await page.families()), type: format.contentType)
                }
            },
        ]
    }
}
