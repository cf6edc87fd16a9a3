import Arguments
import CeleryCore
import Processes

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
            context.output.erase(lines: drawn)
            drawn = draw(text)
            context.output.flush()
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

    /// - Returns: The number of lines.
    @discardableResult
    private func draw(_ text: StatisticsText) -> Int {
        switch context.output.format {
        case .json:
            let objects = text.objects
            for object in objects { context.output.object(object) }
            return objects.count
        case .text:
            let lines = text.lines(width: context.output.isTerminal ? TerminalSize.columns : nil)
            for line in lines { context.output.line(line) }
            return lines.count
        }
    }

    private func sayNothing(_ since: Timestamp?) {
        let isChosen = since != nil || !context.arguments[StatsCommand.tasks].isEmpty
        context.output.note("celery stats: no \(isChosen ? "matching " : "")statistics on \(keeper.location)")
        context.output.note("hint: start workers with celery celeryd --statistics, or set CELERY_STATISTICS = true")
    }
}
