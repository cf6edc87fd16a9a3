import DequeModule

/// The main loop of the thread of a `RedisLink`.
final class CommandLoop {
    /// An exchange that has begun.
    private struct Pending {
        var exchange: Exchange
        var replies: [RESPValue] = []
    }

    private let options: RedisOptions
    private let core: LoopCore<Exchange>
    private var connection: RedisConnection?
    /// In the order in which they were sent, which is that of the replies.
    private var pending: Deque<Pending> = []
    /// Why the last attempt to connect failed, and until when not to try again.
    private var refusal: (error: RedisError, until: ContinuousClock.Instant)?

    init(_ options: RedisOptions, _ core: LoopCore<Exchange>) {
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

    private func begin(_ exchange: Exchange) {
        do throws(RedisError) {
            let connection = try connected()
            // A silence counts from the question.
            if pending.isEmpty { connection.lastHeard = .now }
            pending.append(Pending(exchange: exchange))
            try connection.add(exchange.commands)
        } catch {
            if connection == nil { exchange.end(.failure(error)) } else { drop(error) }
        }
    }

    private func connected() throws(RedisError) -> RedisConnection {
        if let connection { return connection }
        // What was asked for during a failed attempt gets the same error without another attempt.
        if let refusal, .now < refusal.until { throw refusal.error }
        do throws(RedisError) {
            let made = try RedisConnection(options, onSocket: core.setDescriptor)
            connection = made
            return made
        } catch {
            refusal = (error, .now + .milliseconds(50))
            throw error
        }
    }

    private func serve() {
        guard let connection else { return }
        do throws(RedisError) {
            try connection.exchange { (reply) throws(RedisError) in try take(reply) }
            if !pending.isEmpty, connection.lastHeard + options.answerTimeout <= .now {
                throw RedisError(.lost, "the server at \(options.location) is silent")
            }
        } catch {
            drop(error)
        }
    }

    private func take(_ reply: RESPValue) throws(RedisError) {
        // Nothing that this connection asks for is pushed; a server may still tell of its own affairs.
        if case .push = reply { return }
        guard !pending.isEmpty else {
            // `-ERR max number of clients reached`, and such, before the connection is closed.
            if case .error(let text) = reply { throw RedisError(reply: text, to: "the connection") }
            throw RedisError(.malformed, "it sent a reply to nothing")
        }
        pending[0].replies.append(reply)
        guard pending[0].replies.count == pending[0].exchange.commands.count else { return }
        let done = pending.removeFirst()
        done.exchange.end(.success(done.replies))
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        guard let connection, !pending.isEmpty else { return .seconds(3_600) }
        return max(.zero, ContinuousClock.now.duration(to: connection.lastHeard + options.answerTimeout))
    }

    /// Ends the connection, and with it all exchanges.
    private func drop(_ error: RedisError) {
        connection?.close(onSocket: core.setDescriptor)
        connection = nil
        let failed = pending
        pending = []
        for each in failed { each.exchange.end(.failure(error)) }
    }
}
