import CeleryCore
import Client

/// Sends messages whose ids follow from idempotency keys, each once.
///
/// What was sent is looked for in three places: among the last ones of this process, at broker and store, and in the keys that the
/// broker keeps, which decide between servers that send at the same moment. A broker that keeps no keys may get a message again from
/// another server, or after a restart, until its task has ended; by its id it is still one task with one result.
actor OnceSender {
    private let client: Client
    /// Messages on their way to the broker.
    private var underWay: [TaskID: Task<Bool, any Error>] = [:]
    /// The last ids that the broker has confirmed, the oldest at `oldest`.
    private var confirmed: [TaskID] = []
    private var known: Set<TaskID> = []
    private var oldest = 0

    /// How long a broker keeps a key; as `celery apply --key` has it.
    private static let life: Duration = .seconds(86_400)
    private static let mostConfirmed = 10_000

    init(client: Client) { self.client = client }

    /// Sends a message, or finds that it was sent before. Returns when the broker has stored it durably.
    ///
    /// - Returns: Whether it was sent now.
    /// - Throws: `DriverError`; also those who wait for the same message then get it.
    func send(_ message: Message) async throws -> Bool {
        let id = message.id
        if known.contains(id) { return false }
        if let sending = underWay[id] {
            _ = try await sending.value
            return false
        }
        // Goes on if the server stops meanwhile: what the broker may have is better known.
        let sending = Task { try await publish(message) }
        underWay[id] = sending
        defer { underWay[id] = nil }
        let isNew = try await sending.value
        note(id)
        return isNew
    }

    private func publish(_ message: Message) async throws -> Bool {
        let status = try await client.status(of: [message.id])[0]
        if status.result != nil || status.location != nil { return false }
        do {
            _ = try await client.publish(message, key: "web.\(message.id.text)", ttl: Self.life)
        } catch let error as DriverError where error.code == .unsupported {
            try await client.publish([message])
        }
        return true
    }

    private func note(_ id: TaskID) {
        guard known.insert(id).inserted else { return }
        if confirmed.count < Self.mostConfirmed {
            confirmed.append(id)
            return
        }
        known.remove(confirmed[oldest])
        confirmed[oldest] = id
        oldest = (oldest + 1) % Self.mostConfirmed
    }
}
