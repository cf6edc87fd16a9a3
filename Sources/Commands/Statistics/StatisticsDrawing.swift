import Arguments
import CeleryCore

/// Prints the statistics, once or repeatedly.
struct StatisticsDrawing {
    let context: CommandContext
    let keeper: any StatisticsKeeping

    private static let interval: Duration = .seconds(2)

    func once() async throws -> Int32 {
        let text = try await look()
        if text.ledger.isEmpty {
            sayNothing(text.since)
        } else {
            draw(text)
        }
        return ExitCode.done
    }

    /// Redraws until interrupted. Never returns normally.
    func watch() async throws -> Int32 {
        var drawn = 0
        while true {
            let text = try await look()
            // Overwrite the previous lines on a terminal; append elsewhere.
            if drawn > 0 && context.output.isTerminal { context.output.raw("\u{1B}[\(drawn + 1)A\u{1B}[J\u{1B}[1A") }
            draw(text)
            context.output.flush()
            drawn = context.output.format == .json ? text.objects.count : text.lines.count
            try await Task.sleep(for: Self.interval)
        }
    }

    private func look() async throws -> StatisticsText {
        let now = Timestamp.now
        let since = context.arguments[StatsCommand.since]?.timestamp(now: now)
        var ledger = try await keeper.statistics(since: since)
        let wanted = context.arguments[StatsCommand.tasks]
        if !wanted.isEmpty { ledger = ledger.of(Set(wanted)) }
        return StatisticsText(ledger: ledger, since: since, now: now)
    }

    private func draw(_ text: StatisticsText) {
        switch context.output.format {
        case .json: for object in text.objects { context.output.record(object, text: "") }
        case .text: for line in text.lines { context.output.line(line) }
        }
    }

    private func sayNothing(_ since: Timestamp?) {
        let isChosen = since != nil || !context.arguments[StatsCommand.tasks].isEmpty
        context.output.note("celery stats: no \(isChosen ? "matching " : "")statistics on \(keeper.location)")
        context.output.note("hint: start workers with celery celeryd --statistics, or set CELERY_STATISTICS = true")
    }
}
