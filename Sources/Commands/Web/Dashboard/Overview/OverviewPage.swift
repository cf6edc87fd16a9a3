import Beat
import CeleryCore
import Client
import WebServer

/// `/`: how the fleet is, at a glance.
struct OverviewPage: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    /// Dead letters that are counted; a look at all of very many would take long.
    private static let mostLetters = 1_000
    /// Rows of each table.
    private static let length = 10
    /// The period of the statistics.
    private static let period: Duration = .seconds(3_600)
    private static let patience: Duration = .milliseconds(50)

    var routes: [WebRoute] {
        [
            WebRoute("GET", "/", .right(.read), ["done": .check(Notices.isID)]) { call in dashboard.page(call) { try await page($0) } },
        ]
    }

    private func page(_ viewer: Viewer) async throws -> Page {
        let broker = client.broker
        let queues: Told<QueueReading> = await dashboard.ask("count queues", broker as? any QueueCounting) { _ in try await QueueReading(dashboard) }
        let workers = await dashboard.ask("list workers", broker as? any WorkerListing) { try await $0.workers() }
        let letters = await dashboard.ask("keep dead letters", broker as? any DeadLetterKeeping) {
            try await $0.deadLetters(DeadLetterFilter(), limit: Self.mostLetters + 1, withContent: false).count
        }
        let since = Timestamp(seconds: viewer.now.seconds - Self.period.inSeconds)
        let ledger = await dashboard.ask("keep statistics", broker as? any StatisticsKeeping) { try await $0.statistics(since: since) }
        // Elsewhere events tell of failures, but reading those takes seconds.
        let listing = try? client.store as? any ResultListing
        let failures = await dashboard.ask("list tasks that have ended", listing) { _ in try await failed() }
        let shown = failures.value.map {
            TaskSheet(redaction: client.settings.redaction, caption: "Failed tasks").html($0, viewer.now, "No failure is stored.")
        }
        return Page(
            title: "Overview", area: .overview,
            body: """
                \(figures(queues, workers, letters, viewer.now))
                \(Shown.section("What needs attention", attention(queues, workers, letters)))
                \(Shown.section("The last hour", statistics(ledger)))
                \(Shown.section("Failed last", shown ?? reason(failures)))
                """)
    }

    private func failed() async throws -> [ListedTask] {
        var filter = TaskFilter()
        filter.redaction = client.settings.redaction
        filter.phases = [.failure]
        return try await client.taskPage(filter, at: TaskPlace(), limit: Self.length, within: Self.patience).tasks.map(dashboard.shown)
    }

    private func reason<Value>(_ told: Told<Value>) -> HTML {
        if case .not(let reason) = told { Shown.missing(reason) } else { "" }
    }

    private func figures(_ queues: Told<QueueReading>, _ workers: Told<[WorkerReport]>, _ letters: Told<Int>, _ now: Timestamp) -> HTML {
        func sum(_ part: (QueueCount) -> Int?) -> HTML {
            guard let all = queues.value?.queues else { return Shown.count(nil) }
            let known = all.compactMap(part)
            return known.count == all.count ? "\(known.reduce(0, +))" : Shown.count(nil)
        }
        let running = workers.value.map { $0.map(\.running.count).reduce(0, +) }
        let oldest: HTML = queues.value?.ages.value.map { ages in ages.values.min().map { Shown.ago($0, now) } ?? "-" } ?? Shown.count(nil)
        let dead: HTML = letters.value.map { $0 > Self.mostLetters ? "more than \(Self.mostLetters)" : "\($0)" } ?? Shown.count(nil)
        let fields: [(String, HTML)] = [
            ("Ready", sum(\.ready)), ("Scheduled", sum(\.scheduled)), ("Running", Shown.count(running)), ("Oldest that waits", oldest),
            ("Workers", Shown.count(workers.value?.count)), ("Dead letters", dead),
        ]
        return "<div class=\"figures\">\(Shown.list(fields))</div>"
    }

    private func attention(_ queues: Told<QueueReading>, _ workers: Told<[WorkerReport]>, _ letters: Told<Int>) -> HTML {
        var items: [HTML] = [queues.notTold, workers.notTold, letters.notTold].compactMap { $0.map { HTML($0) } }
        if let workers = workers.value, workers.isEmpty {
            let isKnown = (client.broker as? any WorkerListing)?.knowsWorkers == true
            items.append("No worker \(isKnown ? "is alive" : "has answered").")
        }
        for queue in queues.value?.queues ?? [] {
            if let pause = queues.value?.pauses[queue.name] {
                let reason: HTML? = pause.reason.map { ": \($0.forLog)" }
                items.append("Queue \(Shown.queue(queue.name)) is paused\(reason).")
            } else if queue.consumers == 0, queue.ready > 0 {
                items.append("Queue \(Shown.queue(queue.name)) holds \(Shown.number(queue.ready, "message")), and no worker consumes it.")
            }
        }
        if let count = letters.value, count > 0 { items.append("<a href=\"\(PagePath("dead"))\">Dead letters</a> wait for a decision.") }
        return items.isEmpty ? "<p>Nothing.</p>" : "<ul>\(items.map { "<li>\($0)</li>" as HTML })</ul>"
    }

    private func statistics(_ ledger: Told<StatisticsLedger>) -> HTML {
        guard let ledger = ledger.value else { return reason(ledger) }
        var sheet = Sheet(
            caption: "Tasks of the last hour", headings: ["Task", "Ran", "Failed", "Retried", "Mean", "95 %"], numbers: [1, 2, 3, 4, 5],
            empty: "No execution is counted. Workers count with celeryd --statistics.")
        let tallies = ledger.byTask.sorted { ($1.value.ran, $0.key) < ($0.value.ran, $1.key) }
        for (name, tally) in tallies.prefix(Self.length) {
            let times = [tally.mean, tally.durations.percentile(0.95)].map { HTML($0.map(Self.time) ?? "-") }
            sheet.rows.append([HTML(name.forLog), "\(tally.ran)", "\(tally.failed)", "\(tally.retried)"] + times)
        }
        return "\(sheet.html)\(ShellLine.html("celery stats --since 1h"))"
    }

    /// `12 ms`, `0.4 s`, `12 s`.
    private static func time(_ seconds: Double) -> String {
        seconds < 0.1 ? "\(Int((seconds * 1_000).rounded())) ms" : DurationWords.fine(seconds)
    }
}

extension Told {
    /// Why it is not known.
    fileprivate var notTold: String? { if case .not(let reason) = self { reason } else { nil } }
}
