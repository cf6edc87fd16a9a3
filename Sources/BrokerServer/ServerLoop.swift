import CeleryCore
import CeleryZMQ
import Streams
import ZeroMQ

/// An answer on its way to the thread of a server.
struct ServerJob: Sendable {
    var connection: [UInt8]
    var number: UInt64
    /// The packed `ReplyEnvelope`.
    var bytes: [UInt8]
}

/// The main loop of the thread of a `BrokerServer`.
final class ServerLoop {
    let address: String
    private let service: Service
    private let core: LoopCore<ServerJob>
    private let clients: ClientList?
    private let note: @Sendable (String) -> Void
    private let gatekeeper: (socket: ZMQSocket, rules: Gatekeeper)?
    private let router: ZMQSocket
    /// The requests under way, by connection and number.
    private var underway: [[UInt8]: [UInt64: Request]] = [:]
    /// Of all clients.
    private var count = 0
    private var bytes = 0

    private struct Request {
        var task: Task<Void, Never>
        var size: Int
    }

    /// Requests under way of one connection: twice what our client has, so that one which asks for more is none of ours.
    private static let mostOfOne = 2 * WireBounds.requests
    /// Requests under way of all, most of which wait for something, and their bytes.
    private static let most = 50_000
    private static let mostBytes = 1 << 30

    /// Opens the sockets.
    ///
    /// - Throws: `ZMQError`.
    init(_ terms: BrokerServer.Terms, _ service: Service, _ core: LoopCore<ServerJob>) throws(ZMQError) {
        (self.service, self.core, note, clients) = (service, core, terms.note, terms.keys?.clients)
        let context = try ZMQContext()
        if let keys = terms.keys {
            // Before the other: the library asks the first client's name already.
            let socket = try context.open(.reply)
            _ = try socket.bind(to: Gatekeeper.address)
            gatekeeper = (socket, Gatekeeper(clients: keys.clients, note: terms.note))
        } else {
            gatekeeper = nil
        }
        router = try context.open(.router)
        router.limit(bytes: WireBounds.messageBytes, messages: 2 * Self.mostOfOne)
        router.watchPeers(every: WireBounds.heartbeat, patience: WireBounds.patience)
        router.refusesUnknownAddressees()
        if let keys = terms.keys { try router.encrypt(asServer: keys.secret) }
        address = try router.bind(to: terms.address)
    }

    func run() {
        let sockets = [router] + (gatekeeper.map { [$0.socket] } ?? [])
        while true {
            let (jobs, isClosing) = core.takeJobs()
            for job in jobs { answer(job) }
            if isClosing { break }
            refreshClients()
            while let gatekeeper, let question = gatekeeper.socket.receive() { gatekeeper.socket.send(gatekeeper.rules.answer(question.parts)) }
            // Not all that there may be: answers wait meanwhile.
            for _ in 0..<256 {
                guard let message = router.receive() else { break }
                take(message)
            }
            ZMQSocket.wait(for: sockets, core.signal, .seconds(3_600))
        }
        for requests in underway.values { for request in requests.values { request.task.cancel() } }
    }

    private func refreshClients() {
        do {
            try clients?.refresh()
        } catch {
            note("\(error); the earlier list stays")
        }
    }

    private func answer(_ job: ServerJob) {
        guard let request = underway[job.connection]?.removeValue(forKey: job.number) else { return }
        if underway[job.connection]?.isEmpty == true { underway[job.connection] = nil }
        count -= 1
        bytes -= request.size
        // To nobody, if the client is gone.
        router.send([job.connection, job.bytes])
    }

    /// Begins to answer a request. A message that is not a request is dropped: none of our clients sends one.
    private func take(_ message: ZMQSocket.Received) {
        guard message.parts.count == 2, let envelope = try? Unpacker.value(RequestEnvelope.self, of: message.parts[1]) else { return }
        let connection = message.parts[0]
        if envelope.verb.isEmpty {
            underway[connection]?[envelope.number]?.task.cancel()
            return
        }
        func refuse(_ error: DriverError) {
            router.send([connection, Packer.bytes(of: ReplyEnvelope(number: envelope.number, status: .failed, body: Packer.bytes(of: error)))])
        }
        guard let caller = caller(connection, message.user) else {
            return refuse(DriverError(.noPermission, "the broker does not know the key of this client any more"))
        }
        let size = message.parts[1].count
        let isFull = underway[connection]?.count ?? 0 >= Self.mostOfOne || count >= Self.most || bytes + size > Self.mostBytes
        guard !isFull, underway[connection]?[envelope.number] == nil else { return refuse(DriverError(.tryAgain, "the broker has too much to do")) }
        let task = Task { [service, core] in
            let bytes = await service.answer(envelope, from: caller)
            _ = core.add(ServerJob(connection: connection, number: envelope.number, bytes: bytes))
        }
        underway[connection, default: [:]][envelope.number] = Request(task: task, size: size)
        count += 1
        bytes += size
    }

    /// Who has sent a message; `nil` for a client that was taken off the list.
    private func caller(_ connection: [UInt8], _ user: String?) -> Caller? {
        // A plain connection comes from this machine, and nobody has proved who it is.
        guard let clients else { return Caller(connection: connection, key: "", role: .work) }
        guard let user, let key = CurveKey(user), let client = clients.client(key) else { return nil }
        return Caller(connection: connection, key: user, role: client.role)
    }
}
