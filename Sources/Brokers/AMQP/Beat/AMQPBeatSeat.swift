import CeleryAMQP
package import CeleryCore
import RabbitMQ

/// A beat that stores its state on a RabbitMQ server and may become leader.
///
/// Calls run one after the other, each to its end even if the calling task is cancelled.
package actor AMQPBeatSeat: BeatSeat {
    let broker: AMQPBroker
    let queues: BeatQueues
    private let identity: WorkerIdentity
    let owner: ConnectionOwner
    /// Rings when a command arrives or the leadership may have changed hands.
    private let bell: Bell

    /// Set while this beat leads.
    private var lead: (generation: Int, document: BeatDocument)?
    /// Messages confirmed in a `send` that failed part-way.
    private var confirmed: Set<TaskID> = []
    /// Since when the existing state could not be read, and when it was last looked for.
    private var missing: (since: ContinuousClock.Instant, looked: ContinuousClock.Instant)?
    /// Count of the bell at the last look.
    private var rings: UInt64 = 0
    private var isClosed = false
    /// Completes when the previous call has ended.
    var turn: Task<Void, Never>?

    package let renewalInterval: Duration = .seconds(2)
    /// Seconds: the server drops a silent leader after at most two heartbeats.
    private static let longestHeartbeat = 4

    /// Connects.
    ///
    /// - Throws: `DriverError` when the first connection fails; later connections are made as often as needed.
    init(broker: AMQPBroker, queues: BeatQueues, identity: WorkerIdentity) async throws {
        (self.broker, self.queues, self.identity) = (broker, queues, identity)
        let alternatives = broker.link.alternatives.map { options in
            var options = options
            options.heartbeat = options.heartbeat > 0 ? min(options.heartbeat, Self.longestHeartbeat) : Self.longestHeartbeat
            return options
        }
        let bell = Bell()
        self.bell = bell
        owner = try ConnectionOwner(alternatives, .onDemand) { [topology = broker.topology] in
            BeatConnection(queues: queues, topology: topology, bell: bell)
        }
        do {
            try await perform { (_, _) throws(RabbitMQError) in }
        } catch {
            await owner.close()
            throw error
        }
    }

    package func lead() async throws -> BeatState? { try await inTurn { try await self.claim() } }

    package func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool {
        try await inTurn { try await self.sendNow(messages, records, commands) }
    }

    package func waitForChange(until deadline: ContinuousClock.Instant) async { await bell.wait(since: rings, until: deadline) }

    package func close() async {
        _ = try? await inTurn { await self.closeNow() }
    }

    /// Ends as a killed beat would: the server finds the connection closed.
    package func die() async {
        owner.cut()
        await owner.close()
    }

    // MARK: Serialized calls

    private func claim() async throws -> BeatState? {
        guard !isClosed else { return nil }
        rings = bell.count
        do {
            switch try await perform({ (connection, use) throws(RabbitMQError) in try use.claim(connection) }) {
            case .another:
                lead = nil
                return nil
            case .stays(let generation, let held):
                return try await orStepDown {
                    guard let lead, lead.generation == generation else { throw hasLost }
                    return try state(lead.document, held)
                }
            case .begins(let generation, let messages, let held):
                return try await orStepDown { try await begin(generation, messages, held) }
            }
        } catch {
            lead = nil
            // Ignore rings caused by this failure: it must not be tried again at once.
            rings = bell.count
            throw error
        }
    }

    /// Becomes leader once its name is stored with the records.
    private func begin(_ generation: Int, _ messages: [[UInt8]]?, _ held: [HeldCommand]) async throws -> BeatState {
        var document = try latest(messages)
        document.leader = BeatLeader(id: identity.id, name: identity.name, pid: identity.pid, since: broker.now())
        document.serial += 1
        let state = try state(document, held)
        guard try await publish(document, generation) else { throw hasLost }
        lead = (generation, document)
        return state
    }

    private func orStepDown<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            await stepDown()
            throw error
        }
    }

    /// The state stored by the last leader.
    private func latest(_ messages: [[UInt8]]?) throws(DriverError) -> BeatDocument {
        guard let messages else { return BeatDocument() }
        if let document = try queues.document(in: messages, at: broker.location) {
            missing = nil
            return document
        }
        // A hung reader may hold the state: it returns when the server drops that reader's connection.
        let heartbeat = broker.settings.brokerHeartbeat
        let patience = Duration.seconds(max(5, (heartbeat > 0 ? 2.5 : 60) * Double(max(1, heartbeat))))
        // A miss long ago was due to another reader.
        let since = missing.flatMap { $0.looked + patience > .now ? $0.since : nil } ?? .now
        missing = (since, .now)
        guard since + patience < .now else {
            throw DriverError(
                .tryAgain, "broker \(broker.location): queue '\(queues.state.name)' is empty, or another reader holds the state of beat '\(queues.beat)'",
                hint: "if the queue was emptied on purpose, wait: after \(Int(patience.inSeconds)) seconds all entries start afresh")
        }
        missing = nil
        return BeatDocument()
    }

    private func state(_ document: BeatDocument, _ held: [HeldCommand]) throws(DriverError) -> BeatState {
        BeatState(leader: document.leader, records: document.records, commands: try queues.read(held, at: broker.location))
    }

    private func sendNow(_ messages: [Message], _ records: [EntryRecord], _ commands: [Int64]) async throws -> Bool {
        guard let generation = lead?.generation else { return false }
        let now = broker.now()
        let fresh = messages.filter { !confirmed.contains($0.id) }
        guard try await publishMessages(fresh, now, generation) else { return false }
        if !records.isEmpty, var document = lead?.document {
            // Release the old copy so that the document is changed in place.
            lead?.document = BeatDocument()
            document.serial += 1
            document.write(records)
            // After a failure the stored state is unknown: step down and read it again.
            guard try await orStepDown({ [document] in try await publish(document, generation) }) else {
                lead = nil
                if fresh.isEmpty { return false }
                throw hasLost
            }
            lead?.document = document
        }
        let isLeading = try await perform { (connection, use) throws(RabbitMQError) in
            guard use.leads(generation) else { return false }
            try use.settle(commands, connection)
            return true
        }
        if !isLeading && !(fresh.isEmpty && records.isEmpty) { throw hasLost }
        confirmed = []
        return isLeading
    }

    /// Remembers the confirmed messages when others fail.
    private func publishMessages(_ messages: [Message], _ now: Timestamp, _ generation: Int) async throws -> Bool {
        do {
            let isLeading = try await transmit(messages.map { broker.publication(of: $0, now: now) }, generation)
            if isLeading { confirmed.formUnion(messages.map(\.id)) } else { lead = nil }
            return isLeading
        } catch let failure as PublishFailure {
            let missing = Set(failure.unconfirmed)
            confirmed.formUnion(messages.indices.filter { !missing.contains($0) }.map { messages[$0].id })
            throw DriverError(failure.error, at: broker.location)
        }
    }

    private func closeNow() async {
        isClosed = true
        await stepDown()
        await owner.close()
    }

    private func stepDown() async {
        lead = nil
        try? await perform { (connection, use) throws(RabbitMQError) in try use.stepDown(connection) }
    }

    private func publish(_ document: BeatDocument, _ generation: Int) async throws -> Bool {
        let bytes = document.bytes(written: broker.now())
        do {
            guard try await transmit([queues.statePublication(bytes)], generation) else { return false }
            return try await perform { (connection, use) throws(RabbitMQError) in
                if use.leads(generation) { try use.tell(bytes, connection) }
                return true
            }
        } catch let failure as PublishFailure {
            throw DriverError(failure.error, at: broker.location)
        }
    }

    private var hasLost: DriverError {
        DriverError(.unreachable, "broker \(broker.location): beat '\(queues.beat)' lost its leadership with its connection")
    }
}
