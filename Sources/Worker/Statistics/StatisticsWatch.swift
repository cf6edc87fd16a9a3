package import CeleryCore
package import Logging
import Synchronization

/// Counts the outcomes of a worker's tasks, and stores the counts periodically.
///
/// Counts of the last few seconds are lost if the worker is killed.
package final class StatisticsWatch: TaskWatching {
    private struct State {
        /// Counts since the last report.
        var ledger = StatisticsLedger()
        /// The report that is being stored, until it is known to be stored.
        var report: StatisticsReport?
        var number: Int64 = 0
        /// The task names in the ledger.
        var names: Set<String> = []
        var isTroubled = false
    }

    private let keeper: any StatisticsKeeping
    private let worker: String
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    /// Maximum number of names in one report: messages may contain arbitrary names.
    private static let nameLimit = 1_000
    /// The name under which all further names are counted.
    package static let otherNames = "(others)"

    /// - Parameter worker: The id of a `WorkerIdentity`.
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
                if report.isExpired { return tally.revoked += 1 }
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
                // The run was counted when it was interrupted.
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

    /// Stores the counts every few seconds, until the task is cancelled.
    package func handOver() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: keeper.statisticsInterval)
            if !Task.isCancelled { await handOverOnce() }
        }
    }

    /// Stores the counts up to now. If that fails, the next call tries again.
    package func handOverOnce() async {
        let now = self.now()
        let next = state.withLock { state -> StatisticsReport? in
            // A report that may have been stored must not change: its number keeps it from being counted twice.
            if let report = state.report {
                state.ledger.fold(now: now)
                return report
            }
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
            if hasRecovered { logger.info("Statistics are being stored again") }
        } catch {
            let isNew = state.withLock { state in
                defer { state.isTroubled = true }
                return !state.isTroubled
            }
            if isNew { logger.warning("cannot store statistics; will try again: \(error)") }
        }
    }
}
