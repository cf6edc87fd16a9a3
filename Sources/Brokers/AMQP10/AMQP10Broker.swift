// The broker driver for servers that speak AMQP 1.0: RabbitMQ, ActiveMQ, Artemis, Qpid Broker-J and others.
//
//     AMQP10Broker     publishes      one connection, made when it is needed
//     AMQP10Consumer   one worker's subscription      one connection, kept and made again
//
// See `AMQP10Envelope` for messages, `AMQP10Layout` for names, `ProtonServer+Powers` for what servers do differently, and the room
// `Proton` for connections.

package import CeleryCore
package import Proton
import Synchronization
import Wire

/// Stores messages in a server that speaks AMQP 1.0.
package final class AMQP10Broker: Broker {
    let options: ProtonOptions
    let settings: Settings
    let layout: AMQP10Layout
    let client: ProtonClient
    let now: @Sendable () -> Timestamp
    /// Seconds: messages with a nearer ETA wait in a worker's memory; `nil` for what suits the server.
    private let nearETA: Double?
    private let knownServer = Mutex<ProtonServer?>(nil)

    /// Does not connect yet.
    package init(
        _ options: ProtonOptions, settings: Settings, nearETA: Double? = nil, now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.options = options
        self.settings = settings
        self.nearETA = nearETA
        self.now = now
        layout = AMQP10Layout(prefix: options.prefix)
        client = ProtonClient(options)
    }

    package var location: String { options.location }

    /// Messages that are sent before the fates of earlier ones are known.
    private static let batch = 1_000

    /// Which server this is; asks it the first time.
    func server() async throws -> ProtonServer {
        if let server = knownServer.withLock({ $0 }) { return server }
        do throws(ProtonError) {
            let server = try await client.connect()
            note(server)
            return server
        } catch {
            throw DriverError(error, at: location)
        }
    }

    func note(_ server: ProtonServer) { knownServer.withLock { $0 = server } }

    /// Whether the server carries remote control and events; `nil` before it has answered once.
    package var hasTopics: Bool? { knownServer.withLock { $0 }?.hasTopics }
    /// Whether the server keeps what it has delivered until that is settled; `nil` before it has answered once.
    package var keepsDelivered: Bool? { knownServer.withLock { $0 }?.keepsDelivered }

    /// Seconds: messages with a nearer ETA wait in a worker's memory.
    func nearETA(at server: ProtonServer) -> Double { nearETA ?? server.nearETA }

    /// Not as one: each message has a fate of its own, and the error tells which were not accepted.
    package func publish(_ messages: [Message]) async throws {
        guard !messages.isEmpty else { return }
        let server = try await server()
        let now = self.now()
        var parcels: [ProtonParcel] = []
        var owners: [TaskID] = []
        do throws(DriverError) {
            for message in messages {
                let new = try self.parcels(of: message, at: server, now: now)
                parcels += new
                owners += new.map { _ in message.id }
            }
        } catch {
            // None was sent.
            var refusal = error
            refusal.unconfirmed = Set(messages.map(\.id))
            throw refusal
        }
        var unconfirmed: Set<TaskID> = []
        var first: (error: ProtonError, id: TaskID)?
        for start in stride(from: 0, to: parcels.count, by: Self.batch) {
            let range = start..<min(start + Self.batch, parcels.count)
            let failures = await client.send(Array(parcels[range]), within: .seconds(settings.publishTimeout))
            for (position, error) in failures {
                unconfirmed.insert(owners[start + position])
                if first == nil { first = (error, owners[start + position]) }
            }
            // After a failure the rest is not tried: the reason is most likely the same.
            guard failures.isEmpty else {
                unconfirmed.formUnion(owners[range.upperBound...])
                break
            }
        }
        guard let first else { return }
        var error = DriverError(first.error, at: location)
        error.unconfirmed = unconfirmed
        if unconfirmed.count == 1 { error.subject = first.id }
        throw error
    }

    /// Sends messages, and returns when the server has accepted all of them.
    func send(_ parcels: [ProtonParcel]) async throws {
        for start in stride(from: 0, to: parcels.count, by: Self.batch) {
            let part = Array(parcels[start..<min(start + Self.batch, parcels.count)])
            if let error = await client.send(part, within: .seconds(settings.publishTimeout)).values.first { throw DriverError(error, at: location) }
        }
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        for queue in queues { try layout.check(queue) }
        return try await AMQP10Consumer(broker: self, queues: queues.distinct, worker: worker)
    }

    package func close() async { await client.close() }
}

extension AMQP10Broker: BrokerProbing {
    /// Connects, unless there is a connection; one whose server is silent is given up by itself.
    package func probe() async throws {
        do throws(ProtonError) { note(try await client.connect()) } catch { throw DriverError(error, at: location) }
    }
}
