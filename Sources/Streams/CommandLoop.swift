import DequeModule

/// The main loop of the thread of a `CommandLink`.
final class CommandLoop<Connection: CommandConnection> {
    typealias Failure = Connection.Failure

    /// An exchange that has begun.
    private struct Pending {
        var exchange: Exchange<Connection>
        var replies: [Connection.Reply] = []
    }

    private let options: Connection.Options
    private let core: LoopCore<Exchange<Connection>>
    private var connection: Connection?
    /// In the order in which they were sent, which is that of the replies.
    private var pending: Deque<Pending> = []
    /// Why the last attempt to connect failed, and when it did.
    private var refusal: (error: Failure, at: ContinuousClock.Instant)?

    init(_ options: Connection.Options, _ core: LoopCore<Exchange<Connection>>) {
        self.options = options
        self.core = core
    }

    func run() {
        while true {
            let (exchanges, isClosing) = core.takeJobs()
            for exchange in exchanges { begin(exchange) }
            serve()
            if isClosing, pending.isEmpty { break }
            core.wait(for: connection?.descriptor ?? -1, wantsToSend: connection?.wantsToSend ?? false, pause)
        }
        connection?.close(onSocket: core.setDescriptor)
    }

    private func begin(_ exchange: Exchange<Connection>) {
        do throws(Failure) {
            try connect(for: exchange)
            // A silence counts from the question.
            if pending.isEmpty { connection?.lastHeard = .now }
            pending.append(Pending(exchange: exchange))
            try connection?.add(exchange.commands)
        } catch {
            if connection == nil { exchange.end(.failure(error)) } else { drop(error) }
        }
    }

    private func connect(for exchange: Exchange<Connection>) throws(Failure) {
        guard connection == nil else { return }
        // What was asked for during a failed attempt gets the same error without another attempt.
        if let refusal, exchange.asked <= refusal.at { throw refusal.error }
        do throws(Failure) {
            connection = try Connection(options, onSocket: core.setDescriptor)
        } catch {
            refusal = (error, .now)
            throw error
        }
    }

    private func serve() {
        guard let connection else { return }
        do throws(Failure) {
            try connection.exchange { (reply) throws(Failure) in try take(reply, connection) }
            if !pending.isEmpty, connection.lastHeard + connection.answerTimeout <= .now {
                throw Failure.lost("the server at \(connection.location) is silent")
            }
        } catch {
            drop(error)
        }
    }

    private func take(_ reply: Connection.Reply, _ connection: Connection) throws(Failure) {
        guard connection.isAnswer(reply) else { return }
        guard !pending.isEmpty else { throw connection.reason(ofUnasked: reply) }
        pending[0].replies.append(reply)
        guard pending[0].replies.count == pending[0].exchange.commands.count else { return }
        let done = pending.removeFirst()
        done.exchange.end(.success(done.replies))
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        guard let connection, !pending.isEmpty else { return .seconds(3_600) }
        return max(.zero, ContinuousClock.now.duration(to: connection.lastHeard + connection.answerTimeout))
    }

    /// Ends the connection, and with it all exchanges.
    private func drop(_ error: Failure) {
        connection?.close(onSocket: core.setDescriptor)
        connection = nil
        let failed = pending
        pending = []
        for each in failed { each.exchange.end(.failure(error)) }
    }
}
