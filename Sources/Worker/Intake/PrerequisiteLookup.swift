import CeleryCore

/// Finds out whether the tasks that deliveries have to come after have succeeded (`Prerequisites`).
///
/// A delivery whose tasks have not ended goes back to the broker, so that it takes no slot and outlives the worker. When one of
/// them ends, `celery.db` lets the message return at once; every broker lets it return after a pause. This lookup then decides
/// anew: nothing else is trusted to know.
final class PrerequisiteLookup {
    private let powers: ConsumerPowers
    /// Of the broker, for log lines.
    private let location: String
    private let locating: (any MessageLocating)?
    private let log: TaskLog

    init(_ powers: ConsumerPowers, _ broker: any Broker, _ log: TaskLog) {
        self.powers = powers
        location = broker.location
        locating = broker as? any MessageLocating
        self.log = log
    }

    /// Whether a message may run as far as other tasks are concerned.
    enum Standing: Equatable {
        /// All have succeeded.
        case met
        /// These have not ended.
        case waiting([TaskID])
        /// One will never succeed, for this reason.
        case failed(String)
    }

    /// The standing of each delivery that has to come after other tasks.
    nonisolated(nonsending) func standings(of deliveries: [Delivery]) async -> [TaskID: Standing] {
        var wanted: [TaskID: [TaskID]] = [:]
        for delivery in deliveries {
            let ids = Prerequisites.of(delivery.message)
            if !ids.isEmpty { wanted[delivery.message.id] = ids }
        }
        guard !wanted.isEmpty else { return [:] }
        guard powers.postponing != nil else {
            return wanted.mapValues { _ in .failed("\(location) cannot keep messages that wait for other tasks") }
        }
        guard let store = powers.lookup else {
            return wanted.mapValues { _ in .failed("this worker cannot look up the results of other tasks") }
        }
        let ids = Set(wanted.values.joined()).sorted { $0.text < $1.text }
        do {
            // Asks the broker first: a task that ends between the two queries is then found in the store.
            let held = try await locating?.locate(ids)
            let results = try await store.results(for: ids)
            return wanted.mapValues { Self.standing(of: $0, results, held) }
        } catch {
            log.brokerTrouble("cannot look up the tasks that others wait for", error)
            return wanted.mapValues { .waiting($0) }
        }
    }

    /// - Parameter held: The messages that the broker has; `nil` if it cannot tell.
    private static func standing(of ids: [TaskID], _ results: [TaskID: TaskResult], _ held: [TaskID: MessageLocation]?) -> Standing {
        var open: [TaskID] = []
        for id in ids {
            let result = results[id]
            switch result?.state {
            case .success?: break
            case .failure?:
                let error = result?.failure.map { ": \($0.message.isEmpty ? $0.type : $0.message)" } ?? ""
                return .failed("task \(id), which must succeed before, failed\(error.forLog)")
            case .revoked?: return .failed("task \(id), which must succeed before, was revoked")
            default:
                if result == nil, let held, held[id] == nil {
                    return .failed("nothing is known of task \(id), which must succeed before")
                }
                open.append(id)
            }
        }
        return open.isEmpty ? .met : .waiting(open)
    }

    /// Returns deliveries to the broker until their tasks have ended.
    ///
    /// - Returns: The deliveries that could not be returned in this way.
    nonisolated(nonsending) func postpone(_ waiting: [(delivery: Delivery, open: [TaskID])], now: Timestamp) async -> [DeliveryHandle] {
        guard !waiting.isEmpty, let postponing = powers.postponing else { return waiting.map(\.delivery.handle) }
        let postponements = waiting.map { delivery, open in
            let since = delivery.waitsSince ?? now
            var postponement = Postponement(delivery.handle, until: now + pause(after: now - since), since: since)
            postponement.after = open
            return postponement
        }
        do {
            _ = try await postponing.postpone(postponements)
            return []
        } catch {
            log.brokerTrouble("cannot postpone tasks that wait for others", error)
            return waiting.map(\.delivery.handle)
        }
    }

    /// How long a message waits before its next look: where a result wakes it, only in case that result was lost; elsewhere an
    /// eighth of the time it has waited, so that looking costs little and delays little.
    private func pause(after waited: Duration) -> Duration {
        powers.atomic != nil ? .seconds(60) : min(.seconds(30), max(.seconds(1), waited / 8))
    }
}
