import CeleryCore
import Client
import WebServer

/// Sends messages whose ids follow from idempotency keys, each once.
///
/// What was sent is looked for in three places: among the last ones of this process, at broker and store, and in the keys that the
/// broker keeps, which decide between servers that send at the same moment. A broker that keeps no keys may get a message again from
/// another server, or after a restart, until its task has ended; by its id it is still one task with one result.
///
/// A key that comes again with something else to submit is refused, as long as this process knows what came first.
actor OnceSender {
    private let client: Client
    /// Messages on their way to the broker.
    private var underWay: [TaskID: (digest: [UInt8], sending: Task<Bool, any Error>)] = [:]
    /// The last ids that the broker has confirmed, the oldest at `oldest`.
    private var confirmed: [TaskID] = []
    /// With the digests of what was submitted; `nil` for what this process did not send.
    private var known: [TaskID: [UInt8]?] = [:]
    private var oldest = 0

    /// How long a broker keeps a key; as `celery apply --key` has it.
    private static let life: Duration = .seconds(86_400)
    private static let mostConfirmed = 10_000

    init(client: Client) { self.client = client }

    /// Sends a message, or finds that it was sent before. Returns when the broker has stored it durably.
    ///
    /// - Parameter digest: Tells what is submitted from all else that could be submitted with the same key.
    /// - Returns: Whether it was sent now.
    /// - Throws: `WebRefusal` with 422 if the key came first with another digest. `DriverError`; also those who wait for the same
    ///   message then get it.
    func send(_ message: Message, digest: [UInt8]) async throws -> Bool {
        let id = message.id
        if let first = known[id] {
            try Self.compare(digest, first)
            return false
        }
        if let (first, sending) = underWay[id] {
            try Self.compare(digest, first)
            _ = try await sending.value
            return false
        }
        // Goes on if the server stops meanwhile: what the broker may have is better known.
        let sending = Task { try await publish(message) }
        underWay[id] = (digest, sending)
        defer { underWay[id] = nil }
        let isNew = try await sending.value
        note(id, isNew ? digest : nil)
        return isNew
    }

    private static func compare(_ digest: [UInt8], _ first: [UInt8]?) throws(WebRefusal) {
        guard first.map({ $0 == digest }) ?? true else {
            throw WebRefusal(422, "this Idempotency-Key came first with another body; a new submission needs a new key")
        }
    }

    private func publish(_ message: Message) async throws -> Bool {
        let status = try await client.status(of: [message.id])[0]
        if status.result != nil || status.location != nil { return false }
        if client.broker is any KeyedPublishing {
            _ = try await client.publish(message, key: "web.\(message.id.text)", ttl: Self.life)
        } else {
            try await client.publish([message])
        }
        return true
    }

    private func note(_ id: TaskID, _ digest: [UInt8]?) {
        guard known.updateValue(digest, forKey: id) == nil else { return }
        if confirmed.count < Self.mostConfirmed {
            confirmed.append(id)
            return
        }
        known.removeValue(forKey: confirmed[oldest])
        confirmed[oldest] = id
        oldest = (oldest + 1) % Self.mostConfirmed
    }
}
