package import CeleryCore
package import Logging
import Synchronization

/// Counts what becomes of a worker's tasks, and hands it over now and then.
///
/// A task costs an entry in a dictionary. What was not handed over yet, a few seconds' worth, is lost with a worker
/// that is killed.
package final class StatisticsWatch: TaskWatching {
    private struct State {
        /// Counted since the last report.
        var ledger = StatisticsLedger()
        /// The report under way, until it is known to have arrived.
        var report: StatisticsReport?
        var number: Int64 = 0
        /// The names in the ledger: a message may have any.
        var names: Set<String> = []
        var isTroubled = false
    }

    private let keeper: any StatisticsKeeping
    private let worker: String
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    /// Names that are told apart in one report.
    private static let nameLimit = 1_000
    /// Stands for all others.
    package static let otherNames = "(others)"

    /// - Parameter worker: the id of a `WorkerIdentity`.
    package init(
        keeper: any StatisticsKeeping, worker: String, logger: Logger, now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.keeper = keeper
        self.worker = worker
        self.logger = logger
        self.now = now
    }

    package func note(_ moment: TaskMoment, at time: Timestamp) {
        switch moment {
        case .received, .began: break
        case .refused(let delivery, let outcome, _):
            guard outcome.results.contains(where: { $0.id == delivery.message.id && $0.state == .revoked }) else { return }
            count(delivery, time) { $0.revoked += 1 }
        case .ended(let delivery, _, let report):
            count(delivery, time) { tally in
                // Its child found it expired when its turn came.
                if case .revoked(_, signal: nil) = report.ending { return tally.revoked += 1 }
                tally.noteEnd(seconds: report.duration)
                switch report.ending {
                case .success: break
                case .failure: tally.failed += 1
                case .retry: tally.retried += 1
                case .revoked: tally.revoked += 1
                }
            }
        case .failed(let delivery, _, let failure, let seconds):
            count(delivery, time) { tally in
                tally.failed += 1
                // It was counted when it was interrupted.
                guard let seconds else { return }
                tally.noteEnd(seconds: seconds)
                if failure.isLoss { tally.lost += 1 }
            }
        case .interrupted(let delivery, _, _, let seconds):
            count(delivery, time) { tally in
                tally.noteEnd(seconds: seconds)
                tally.lost += 1
            }
        }
    }

    private func count(_ delivery: Delivery, _ time: Timestamp, _ change: (inout TaskTally) -> Void) {
        state.withLock { state in
            var name = delivery.message.task
            if !state.names.contains(name) {
                if state.names.count < Self.nameLimit { state.names.insert(name) } else { name = Self.otherNames }
            }
            state.ledger.note(StatisticsPeriod(task: name, minuteOf: time), change)
        }
    }

    /// Hands over what was counted, every few seconds, until it is cancelled.
    package func handOver() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: keeper.statisticsInterval)
            if !Task.isCancelled { await handOverOnce() }
        }
    }

    /// Hands over what was counted until now. What cannot be is kept for the next time.
    package func handOverOnce() async {
        let now = self.now()
        let next = state.withLock { state -> StatisticsReport? in
            // What may have arrived is not to be counted twice, so it stays as it is.
            if let report = state.report { return report }
            guard !state.ledger.isEmpty else { return nil }
            state.number += 1
            state.ledger.fold(now: now)
            let report = StatisticsReport(worker: worker, number: state.number, ledger: state.ledger)
            state.report = report
            state.ledger = StatisticsLedger()
            state.names = []
            return report
        }
        guard let next else { return }
        do {
            try await keeper.add(next)
            let hasRecovered = state.withLock { state in
                state.report = nil
                defer { state.isTroubled = false }
                return state.isTroubled
            }
            if hasRecovered { logger.info("Statistics are kept again") }
        } catch {
            let isNew = state.withLock { state in
                defer { state.isTroubled = true }
                return !state.isTroubled
            }
            if isNew { logger.warning("cannot keep statistics, trying again: \(error)") }
        }
    }
}
