// The broker driver for ActiveMQ and for RabbitMQ's plugin, by STOMP.
//
//     STOMPBroker     publishes      one connection, made when it is needed
//     STOMPConsumer   one worker's subscription      one connection, kept and made again
//
// See `STOMPEnvelope` for messages, `STOMPLayout` for names, `STOMPServer+Powers` for what servers do differently, and the room `STOMP`
// for connections.

package import CeleryCore
package import STOMP
import Synchronization
import Wire

/// Stores messages in a server that speaks STOMP.
package final class STOMPBroker: Broker {
    let options: STOMPOptions
    let settings: Settings
    let layout: STOMPLayout
    let link: STOMPLink
    let now: @Sendable () -> Timestamp
    /// Seconds: messages with a nearer ETA wait in a worker's memory; `nil` for what suits the server.
    private let nearETA: Double?
    private let knownServer = Mutex<STOMPServer?>(nil)
    private let transactions = Atomic<Int>(0)
    /// Where this process has sent something or takes something from: what waits for its time can be moved there.
    private let declared = Mutex<Set<String>>([])

    /// Does not connect yet.
    package init(
        _ options: STOMPOptions, settings: Settings, nearETA: Double? = nil, now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.options = options
        self.settings = settings
        self.nearETA = nearETA
        self.now = now
        layout = STOMPLayout(prefix: options.prefix)
        link = STOMPLink(options)
    }

    package var location: String { options.location }

    /// A limit to what is remembered; the names of queues may be anybody's.
    private static let mostDeclared = 10_000

    /// Whether a destination is known to be there.
    func isDeclared(_ destination: String) -> Bool { declared.withLock { $0.contains(destination) } }

    /// Notes that the server has declared destinations.
    func noteDeclared(_ destinations: [String]) {
        declared.withLock { if $0.count < Self.mostDeclared { $0.formUnion(destinations) } }
    }

    /// Messages of one transaction, and bytes after which no more are added to it: servers hold it in memory.
    static let largestBatch = (messages: 500, bytes: 8 << 20)

    /// Which server this is; asks it the first time.
    func server() async throws -> STOMPServer {
        if let server = knownServer.withLock({ $0 }) { return server }
        do throws(STOMPError) {
            let server = try await link.connect()
            note(server)
            return server
        } catch {
            throw DriverError(error, at: location)
        }
    }

    func note(_ server: STOMPServer) { knownServer.withLock { $0 = server } }

    /// Seconds: messages with a nearer ETA wait in a worker's memory.
    func nearETA(at server: STOMPServer) -> Double { nearETA ?? server.nearETA }

    /// All or none, up to five hundred messages or eight megabytes; more are published in parts.
    package func publish(_ messages: [Message]) async throws { try await publish(messages, with: []) }

    /// The same, with more headers.
    func publish(_ messages: [Message], with headers: [STOMPFrame.Header]) async throws {
        guard !messages.isEmpty else { return }
        let server = try await server()
        let now = self.now()
        let sends: [(id: TaskID, frames: [STOMPFrame])]
        do {
            sends = try messages.map { ($0.id, try frames(of: $0, at: server, now: now).map { $0.adding(headers) }) }
        } catch var error as DriverError {
            // None was sent.
            error.unconfirmed = Set(messages.map(\.id))
            throw error
        }
        var start = 0
        while start < sends.count {
            var end = start
            var size = 0
            while end < sends.count, end - start < Self.largestBatch.messages, size < Self.largestBatch.bytes {
                size += sends[end].frames.reduce(0) { $0 + $1.body.count }
                end += 1
            }
            do {
                try await send(sends[start..<end].flatMap(\.frames))
            } catch var error as DriverError {
                error.unconfirmed = Set(sends[start...].map(\.id))
                if sends.count == 1 { error.subject = sends[0].id }
                throw error
            }
            start = end
        }
    }

    /// Sends messages as one, and returns when the server has stored them.
    ///
    /// RabbitMQ confirms each message once it is stored, and the transaction at once; ActiveMQ stores them with the transaction. So
    /// all receipts are waited for.
    func send(_ frames: [STOMPFrame]) async throws {
        guard !frames.isEmpty else { return }
        var all = frames
        for index in all.indices { all[index].wantsReceipt = true }
        if all.count > 1 {
            let name = STOMPFrame.Header("transaction", "t\(transactions.add(1, ordering: .relaxed).newValue)")
            for index in all.indices { all[index].headers.append(name) }
            all = [STOMPFrame("BEGIN", [name])] + all + [STOMPFrame("COMMIT", [name], wantsReceipt: true)]
        }
        do throws(STOMPError) {
            try await link.send(all, within: .seconds(settings.publishTimeout), isRepeatable: true)
        } catch {
            throw DriverError(error, at: location)
        }
        noteDeclared(frames.compactMap { $0["destination"] })
    }

    package func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer {
        for queue in queues { try layout.check(queue) }
        let isActiveMQ = try await server().kind == .activeMQ
        return try await (isActiveMQ ? ActiveMQConsumer.self : STOMPConsumer.self).init(broker: self, queues: queues.distinct, worker: worker)
    }

    package func close() async { await link.close() }
}

extension STOMPBroker: BrokerProbing {
    /// An empty transaction, which every server knows.
    package func probe() async throws {
        let name = STOMPFrame.Header("transaction", "probe")
        do throws(STOMPError) {
            try await link.send([STOMPFrame("BEGIN", [name]), STOMPFrame("ABORT", [name], wantsReceipt: true)], isRepeatable: true)
        } catch {
            throw DriverError(error, at: location)
        }
    }
}
