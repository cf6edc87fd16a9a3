import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Synchronization
import Wire

extension AMQPBroker: Revoking {
    package func endsInto(_ store: any ResultStore) -> Bool { false }

    /// Queued messages stay, because nothing can be removed from the middle of a queue: workers drop them on delivery. Python's
    /// workers receive ids and headers by remote control, which does not reach workers that start later.
    package func revoke(
        _ revocations: [Revocation], ending: @escaping @Sendable (Message, _ attempt: Int) -> Outcome,
        removed: @Sendable ([RemovedMessage]) async throws -> Void
    ) async throws -> RevocationReport {
        var report = RevocationReport()
        if try await !link.abilities().has(.streams) {
            try await spread(revocations.map(CommandStream.Entry.revoke))
            report.forgetful = "the broker has no streams; the workers that run now keep the command, and so does the celery.db of this project"
        } else if let refusal = try await commandRefusal() {
            report.forgetful = refusal.message
            if revocations.contains(where: { if case .task = $0.target { true } else { false } }) { throw refusal }
        } else {
            try await link.publish(revocations.map { CommandStream.publication(.revoke($0)) })
        }
        try await link.publish(Self.requests(revocations).map { request in
            Publication(ControlMessage(request, to: .all).wire, isMandatory: false, needs: [.exchange(ControlQueue.requests)])
        })
        return report
    }

    /// Declares the stream. Returns why commands cannot be kept; `nil` when they can.
    private func commandRefusal() async throws -> DriverError? {
        let answer = try await link.answer { (connection, channel) throws(RabbitMQError) -> QueueState in
            try connection.declare(CommandStream.declaration, on: channel)
        }
        guard case .failure(let error) = answer else { return nil }
        return DriverError(error, at: location)
    }

    /// The same revocations as requests of Python's remote control.
    static func requests(_ revocations: [Revocation]) -> [ControlRequest] {
        var ids: [[JSON]: [JSON]] = [:]
        var headers: [[JSON]: JSONObject] = [:]
        for revocation in revocations {
            let manner: [JSON] = [.bool(revocation.isTerminating), .string(pythonSignal(revocation.signal))]
            switch revocation.target {
            case .id(let id): ids[manner, default: []].append(.string(id.text))
            case .task: break
            case .header(let name, let value):
                let values = headers[manner]?[name]?.arrayValue ?? []
                headers[manner, default: [:]][name] = .array(values + [.string(value)])
            }
        }
        return ids.map { manner, ids in
            ControlRequest(method: "revoke", arguments: ["task_id": .array(ids), "terminate": manner[0], "signal": manner[1]])
        } + headers.map { manner, headers in
            ControlRequest(
                method: "revoke_by_stamped_headers",
                arguments: ["headers": .object(headers), "terminate": manner[0], "signal": manner[1]])
        }
    }

    /// Python looks up signals by their names in `signal.h`.
    private static func pythonSignal(_ name: String) -> String {
        let upper = name.uppercased()
        return Int(upper) != nil || upper.hasPrefix("SIG") ? upper : "SIG" + upper
    }
}

extension AMQPBroker: CommandShowing {
    package func pause(_ queue: String, _ pause: QueuePause) async throws {
        try await write(.pause(queue, pause))
    }

    package func resume(_ queue: String) async throws -> Bool {
        let isPaused = try await pausedQueues()[queue] != nil
        if isPaused { try await write(.resume(queue)) }
        return isPaused
    }

    /// Keeps commands in the project's file, and sends them to the workers that run now, which keep them, too.
    private func spread(_ entries: [CommandStream.Entry]) async throws {
        try await local.keep(entries, now: now())
        try await link.publish(entries.map(SpreadCommands.publication))
    }

    private func write(_ entry: CommandStream.Entry) async throws {
        guard try await link.abilities().has(.streams) else { return try await spread([entry]) }
        if var refusal = try await commandRefusal() {
            refusal.message = "cannot keep commands for workers: \(refusal.message)"
            if refusal.code != .noPermission {
                refusal.code = .unsupported
                refusal.hint = "pausing queues needs streams (RabbitMQ 3.9) and the permission to declare the queue \(CommandStream.name)"
            }
            throw refusal
        }
        try await link.publish([CommandStream.publication(entry)])
    }

    package func pausedQueues() async throws -> [String: QueuePause] { try await standingCommands().pauses }

    package func standingCommands() async throws -> StandingCommands {
        guard try await link.abilities().has(.streams) else {
            return try await local.existing()?.standingCommands() ?? StandingCommands()
        }
        // Reading must not create the stream.
        guard try await state(of: CommandStream.name) != nil else { return StandingCommands() }
        let book = CommandBook()
        let look = LookTrouble()
        let owner = try ConnectionOwner(link.alternatives, .always) {
            CommandLook(book) { error in
                look.note(error)
                book.bell.ring()
            }
        }
        let deadline = ContinuousClock.now + .seconds(12)
        while true {
            let seen = book.bell.count
            if book.isCaughtUp || look.error != nil || deadline <= .now { break }
            await book.bell.wait(since: seen, until: deadline)
        }
        await owner.close()
        if book.isCaughtUp {
            let now = now()
            var commands = book.take(now)
            commands.revocations.removeAll { $0.until <= now }
            return commands
        }
        throw look.error.map { DriverError($0, at: location) }
            ?? DriverError(.tryAgain, "broker \(location) does not deliver the commands for workers")
    }
}

/// The first error of a look.
private final class LookTrouble: Sendable {
    private let state = Mutex<RabbitMQError?>(nil)
    var error: RabbitMQError? { state.withLock { $0 } }
    func note(_ error: RabbitMQError) { state.withLock { $0 = $0 ?? error } }
}
