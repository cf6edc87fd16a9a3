import CeleryCore

/// The main loop of a thread that owns a connection to a server that also speaks unasked.
///
/// Without somebody to tell of losses the connection is made when it is needed. Else it is always there, and comes back by itself.
package final class ConversationLoop<Talk: Conversation> {
    package typealias Connection = Talk.Connection
    package typealias Failure = Talk.Connection.Failure
    package typealias Request = LoopRequest<Talk.Work, Talk.Answer, Talk.Connection.Failure>

    private let options: Connection.Options
    private let core: LoopCore<Request>
    private let lost: ((Failure) -> Void)?
    private let makeTalk: (Connection, Int) -> Talk
    private var talk: Talk?
    /// Number of the connection; increases with each.
    private var generation = 0
    private var backoff = Backoff.connecting
    /// Why the last attempt to connect failed, and until when not to try again.
    private var refusal: (error: Failure, until: ContinuousClock.Instant)?
    /// When the connection was made. One that ends soon is no sign of a healthy server.
    private var since = ContinuousClock.now

    /// - Parameters:
    ///   - lost: Told that a connection ended, or could not be made; it is tried again.
    ///   - talk: Makes the conversation of a connection and its number.
    package init(
        _ options: Connection.Options, _ core: LoopCore<Request>, lost: ((Failure) -> Void)?, talk: @escaping (Connection, Int) -> Talk
    ) {
        (self.options, self.core, self.lost, makeTalk) = (options, core, lost, talk)
    }

    package func run() {
        while true {
            let (requests, isClosing) = core.takeJobs()
            for request in requests { begin(request) }
            if !isClosing, lost != nil, talk == nil, mayConnect { _ = try? connected() }
            serve()
            if isClosing, talk?.requests.isEmpty ?? true { break }
            core.wait(for: talk?.connection.descriptor ?? -1, wantsToSend: talk?.connection.wantsToSend ?? false, pause)
        }
        talk?.connection.leave(until: .now + .seconds(3), onSocket: core.setDescriptor)
    }

    private var mayConnect: Bool { refusal.map { $0.until <= .now } ?? true }

    private func begin(_ request: Request) {
        let talk: Talk
        do throws(Failure) {
            talk = try self.talk(for: request)
        } catch {
            return request.end(.failure(error))
        }
        do throws(Failure) { try talk.begin(request) } catch { drop(error) }
    }

    private func talk(for request: Request) throws(Failure) -> Talk {
        guard let generation = request.generation else { return try connected() }
        guard let talk, generation == self.generation else { throw .lost("the connection has ended meanwhile") }
        return talk
    }

    /// The conversation that there is, or a new one.
    private func connected() throws(Failure) -> Talk {
        if let talk { return talk }
        // What was asked for during a failed attempt, or just after it, gets the same error without another attempt.
        if let refusal, .now < refusal.until { throw refusal.error }
        do throws(Failure) {
            let connection = try Connection(options, onSocket: core.setDescriptor)
            generation += 1
            since = .now
            let made = makeTalk(connection, generation)
            try made.open()
            refusal = nil
            talk = made
            return made
        } catch {
            core.setDescriptor(-1)
            // A listener waits for longer and longer; others are told at once, and ask again if they want to.
            refusal = (error, .now + (lost == nil ? .milliseconds(50) : backoff.next()))
            lost?(error)
            throw error
        }
    }

    private func serve() {
        guard let talk else { return }
        do throws(Failure) {
            try talk.exchange()
            try expire(talk)
        } catch {
            drop(error)
        }
    }

    /// Gives up what the server has not confirmed in time, and with it the connection: nobody would know what a late answer is for.
    private func expire(_ talk: Talk) throws(Failure) {
        let late = talk.requests.late
        guard !late.isEmpty else { return }
        let reason = "the server at \(talk.connection.location) does not confirm in time"
        for number in late { talk.fail(number, .late(reason)) }
        throw .lost(reason)
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        var wake = ContinuousClock.now + .seconds(3_600)
        if let talk {
            wake = min(wake, talk.connection.nextTurn)
            if let deadline = talk.requests.deadline { wake = min(wake, deadline) }
        } else if lost != nil {
            wake = refusal.map { min(wake, $0.until) } ?? .now
        }
        return max(.zero, ContinuousClock.now.duration(to: wake))
    }

    /// Ends the connection, and with it all requests.
    private func drop(_ error: Failure) {
        if let talk {
            for number in talk.requests.numbers { talk.fail(number, error) }
            talk.connection.close(onSocket: core.setDescriptor)
        }
        talk = nil
        guard let lost else { return }
        // At once after a loss; but a server that ends each new connection is left alone for a while.
        if since + .seconds(10) <= .now { backoff.reset() }
        refusal = (error, .now + backoff.next())
        lost(error)
    }
}
