import Beat
import CeleryCore
import Client
import Schedules

/// Sends runs of a periodic task that were due in the past.
struct Backfill {
    let entry: Entry
    let client: Client
    /// The name of the beat, which is part of the runs' ids.
    let beat: String
    let now: Timestamp

    /// The number of runs sent unless somebody insists.
    static let limit = 10_000
    /// The number of runs to be looked up and sent at a time.
    static let chunk = 500

    /// A run, and why it was not sent.
    struct Run {
        var due: Timestamp
        var message: Message
        /// What is known of it; `nil` if it was sent.
        var reason: String?
    }

    /// When the entry was due in a period, both ends included.
    static func due(_ entry: Entry, from: Timestamp, to: Timestamp, limit: Int) -> [Timestamp] {
        entry.periodic.schedule.times(after: Timestamp(seconds: from.seconds.nextDown), through: to, limit: limit)
    }

    /// Sends the runs that neither broker nor result store knows.
    func send(_ due: [Timestamp], isDryRun: Bool = false) async throws -> [Run] {
        var runs = due.map { Run(due: $0, message: message(due: $0), reason: nil) }
        let known = try await known(runs.map(\.message.id))
        for index in runs.indices { runs[index].reason = known[runs[index].message.id] }
        let fresh = runs.filter { $0.reason == nil }.map(\.message)
        if !isDryRun, !fresh.isEmpty { try await client.publish(fresh) }
        return runs
    }

    private func message(due: Timestamp) -> Message {
        var message = entry.message(due: due, beat: beat)
        if let expires = entry.periodic.expires { message.expires = now + expires }
        return message
    }

    /// The runs already known to the broker or the result store, with what it knows.
    private func known(_ ids: [TaskID]) async throws -> [TaskID: String] {
        // Ask the broker first: a run that ends between the two queries is then found in the store.
        let located = try await (client.broker as? any MessageLocating)?.locate(ids) ?? [:]
        let results = try await client.store.results(for: ids)
        return located.mapValues { $0.worker == nil ? "it waits in its queue" : "it runs" }
            .merging(results.mapValues { "its state is \($0.state.name)" }) { $1 }
    }
}
