import CeleryCore
import Wire

/// Runs built-in tasks, and deletes expired results.
struct BuiltinRunner: Sendable {
    let configuration: WorkerConfiguration
    let store: (any ResultStore)?
    let powers: ConsumerPowers
    let probes: ProbeBook
    let log: TaskLog
    let now: @Sendable () -> Timestamp

    /// Number of results deleted at a time, so that other processes can write in between.
    private static let batch = 500

    /// Runs one built-in task.
    func run(_ task: BuiltinTask, _ delivery: Delivery) async -> Outcome {
        var builder = OutcomeBuilder(delivery: delivery, worker: configuration.identity.name, now: now())
        builder.ignoresResult = delivery.message.ignoreResult ?? configuration.ignoreResult
        switch task {
        case .chordUnlock:
            return await ChordUnlocking(delivery: delivery, builder: builder, store: store, log: log).outcome()
        case .backendCleanup:
            builder.started = builder.now
            return await cleanUp(builder)
        case .probe:
            probes.note(delivery.message.id, at: builder.now)
            return Outcome(handle: delivery.handle, results: [])
        }
    }

    private func cleanUp(_ builder: OutcomeBuilder) async -> Outcome {
        let message = builder.delivery.message
        var report: JobReport
        do {
            _ = try await dropExpiredResults()
            report = JobReport(tag: 0, ending: .success(.null), duration: 0)
            report.next = WorkflowSteps(after: message, .success)
        } catch {
            let failure = TaskFailure(type: "RuntimeError", arguments: [.string("\(error)")], module: "builtins")
            report = JobReport(tag: 0, ending: .failure(failure, traceback: nil), duration: 0)
            report.next = WorkflowSteps(after: message, .failure)
        }
        log.ended(builder.delivery, report)
        return builder.outcome(of: report)
    }

    /// Deletes expired results.
    ///
    /// - Parameter patience: After which to stop, whatever is left; `nil` for all.
    /// - Returns: Whether none is left.
    /// - Throws: `DriverError` of the store.
    func dropExpiredResults(within patience: Duration? = nil) async throws -> Bool {
        guard let expiring = powers.expiring else { return true }
        let deadline = patience.map { ContinuousClock.now + $0 }
        while try await expiring.dropExpired(now: now(), limit: Self.batch) == Self.batch {
            if let deadline, deadline <= .now { return false }
            await Task.yield()
        }
        return true
    }
}
