import CeleryCore
import DequeModule
import Streams

/// The main loop of the thread of a `RedisSubscription`.
final class SubscriptionLoop {
    typealias Channel = RedisSubscription.Channel

    enum Job: Sendable {
        /// Calls back with `nil` when the server has confirmed, or with the error that keeps it from doing so.
        case subscribe([Channel], @Sendable (RedisError?) -> Void)
        case unsubscribe([Channel])
    }

    private let options: RedisOptions
    private let listener: RedisSubscription.Listener
    private let core: LoopCore<Job>
    private var connection: RedisConnection?
    private var wanted: Set<Channel> = []
    /// Who waits for a confirmation, by the question that follows the subscription: the server answers in order.
    private var waiting: Deque<(question: Int, confirm: @Sendable (RedisError?) -> Void)> = []
    private var questions = 0
    private var backoff = Backoff.connecting
    private var nextTry = ContinuousClock.now
    private var nextQuestion = ContinuousClock.now
    /// Whether the subscriptions of a new connection wait to be confirmed.
    private var isNew = false
    /// Since when there is nothing to listen to.
    private var idleSince = ContinuousClock.now

    /// Time between questions to a server that says nothing.
    private static let interval: Duration = .seconds(2.5)
    /// For how long an unused connection is kept.
    private static let rest: Duration = .seconds(10)
    /// Channels named in one command.
    private static let chunk = 1_000

    init(_ options: RedisOptions, _ listener: RedisSubscription.Listener, _ core: LoopCore<Job>) {
        self.options = options
        self.listener = listener
        self.core = core
    }

    func run() {
        while true {
            let (jobs, isClosing) = core.takeJobs()
            if isClosing {
                for case .subscribe(_, let confirm) in jobs { confirm(.closed) }
                break
            }
            for job in jobs { perform(job) }
            if connection == nil, !wanted.isEmpty, nextTry <= .now { connect() }
            serve()
            core.wait(for: connection?.descriptor ?? -1, wantsToSend: connection?.wantsToSend ?? false, pause)
        }
        connection?.close(onSocket: core.setDescriptor)
        fail(.closed)
    }

    private func perform(_ job: Job) {
        do throws(RedisError) {
            switch job {
            case .subscribe(let channels, let confirm):
                let new = channels.filter { wanted.insert($0).inserted }
                if connection == nil {
                    waiting.append((questions, confirm))
                    // Somebody waits: do not leave it to the next pause.
                    connect()
                } else if let connection {
                    try connection.add(Self.commands("SUBSCRIBE", new))
                    waiting.append((questions, confirm))
                    try ask(connection)
                }
            case .unsubscribe(let channels):
                let old = channels.filter { wanted.remove($0) != nil }
                if wanted.isEmpty { idleSince = .now }
                try connection?.add(Self.commands("UNSUBSCRIBE", old))
            }
        } catch {
            drop(error)
        }
    }

    private func connect() {
        do throws(RedisError) {
            let connection = try RedisConnection(options, onSocket: core.setDescriptor)
            self.connection = connection
            isNew = true
            try connection.add(Self.commands("SUBSCRIBE", Array(wanted)))
            for index in waiting.indices { waiting[index].question = questions }
            try ask(connection)
        } catch {
            isNew = true
            drop(error)
        }
    }

    /// Asks something that is answered after all that was sent before.
    private func ask(_ connection: RedisConnection) throws(RedisError) {
        try connection.add([RedisCommand("PING", .text(String(questions)))])
        questions += 1
        nextQuestion = .now + Self.interval
    }

    /// Receives messages, and sees that the server is alive.
    private func serve() {
        guard let connection else { return }
        do throws(RedisError) {
            if nextQuestion <= .now {
                if wanted.isEmpty, idleSince + Self.rest <= .now {
                    connection.close(onSocket: core.setDescriptor)
                    self.connection = nil
                    return
                }
                try ask(connection)
            }
            try connection.exchange { (reply) throws(RedisError) in try take(reply) }
            if connection.lastHeard + options.answerTimeout <= .now {
                throw RedisError(.lost, "the server at \(options.location) is silent")
            }
        } catch {
            drop(error)
        }
    }

    private func take(_ reply: RESPValue) throws(RedisError) {
        if case .error(let text) = reply { throw RedisError(reply: text, to: "SUBSCRIBE") }
        guard let elements = reply.elements else {
            // Without channels, an answer to PING is not an array.
            if let number = reply.intValue { confirm(upTo: number) }
            return
        }
        switch (elements.first?.textValue, elements.count) {
        case ("message", 3): hear(elements[1], elements[2])
        case ("pmessage", 4): hear(elements[2], elements[3])
        case ("pong", 2): if let number = elements[1].intValue { confirm(upTo: number) }
        default: break
        }
    }

    private func hear(_ channel: RESPValue, _ content: RESPValue) {
        if let name = channel.textValue { listener.heard(name, content.bytesValue ?? []) }
    }

    private func confirm(upTo question: Int) {
        if isNew {
            isNew = false
            backoff.reset()
            listener.resumed()
        }
        while let first = waiting.first, first.question <= question {
            waiting.removeFirst()
            first.confirm(nil)
        }
    }

    /// How long the thread may sleep.
    private var pause: Duration {
        let wake =
            connection.map { min(nextQuestion, $0.lastHeard + options.answerTimeout) } ?? (wanted.isEmpty ? .now + .seconds(3_600) : nextTry)
        return max(.zero, ContinuousClock.now.duration(to: wake))
    }

    private func drop(_ error: RedisError) {
        connection?.close(onSocket: core.setDescriptor)
        connection = nil
        // At once after a loss; but a server that refuses each new connection is left alone for a while.
        nextTry = isNew ? .now + backoff.next() : .now
        isNew = false
        fail(error)
    }

    private func fail(_ error: RedisError) {
        let failed = waiting
        waiting = []
        for each in failed { each.confirm(error) }
    }

    /// Commands for channels and for patterns.
    private static func commands(_ verb: String, _ channels: [Channel]) -> [RedisCommand] {
        var names: [RedisCommand.Word] = []
        var patterns: [RedisCommand.Word] = []
        for channel in channels {
            switch channel {
            case .name(let name): names.append(.text(name))
            case .pattern(let pattern): patterns.append(.text(pattern))
            }
        }
        return pieces(names).map { RedisCommand([.text(verb)] + $0) } + pieces(patterns).map { RedisCommand([.text("P" + verb)] + $0) }
    }

    private static func pieces(_ words: [RedisCommand.Word]) -> [[RedisCommand.Word]] {
        stride(from: 0, to: words.count, by: chunk).map { Array(words[$0..<min($0 + chunk, words.count)]) }
    }
}
