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

/// The metrics, read at most every few seconds however many ask.
actor MetricsPage {
    private let reader: MetricsReader
    private let events: EventFollower
    private var last: (families: [MetricFamily], time: ContinuousClock.Instant)?
    private var reading: Task<[MetricFamily], any Error>?

    private static let life: Duration = .seconds(2)

    init(_ reader: MetricsReader, events: EventFollower) {
        self.reader = reader
        self.events = events
    }

    func families() async throws -> [MetricFamily] {
        if let last, .now - last.time < Self.life { return last.families }
        let reading = self.reading ?? Task { [reader, events] in
            CeleryMetrics(reading: try await reader.read()).families + (await events.families)
        }
        self.reading = reading
        defer { self.reading = nil }
        let families = try await reading.value
        last = (families, .now)
        return families
    }
}
