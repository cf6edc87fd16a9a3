import CeleryCore

/// The keys of a broker in a Redis server: those of Python's kombu, and ours, which begin with `_celery.`.
///
/// Kombu ignores ours. Whatever a message needs to survive is in kombu's keys alone, so that Python's workers go on with what we
/// leave; ours tell who holds what, and what the broker does besides.
struct RedisLayout: Sendable {
    let prefix: String
    let steps: [Int]
    let separator: String

    init(_ options: RedisBrokerOptions) {
        prefix = options.keyPrefix
        steps = options.prioritySteps
        separator = options.separator
    }

    // MARK: Kombu's

    /// The messages that somebody holds, by delivery tag: `[message, exchange, routing key]`.
    var unacked: String { prefix + "unacked" }
    /// Delivery tag -> Unix seconds of its delivery.
    var unackedIndex: String { prefix + "unacked_index" }

    /// What follows the name of a queue in the key of each step: nothing for the first.
    var suffixes: [String] { steps.map { $0 == 0 ? "" : separator + String($0) } }

    /// The list of a queue for messages of a priority.
    func list(_ queue: String, priority: Int?) -> String {
        let priority = min(max(priority ?? 0, 0), 9)
        let step = steps.last { $0 <= priority } ?? 0
        return prefix + queue + (step == 0 ? "" : separator + String(step))
    }

    /// All lists of a queue, in the order in which they are served.
    func lists(_ queue: String) -> [String] { suffixes.map { prefix + queue + $0 } }

    func bindings(_ exchange: String) -> String { prefix + "_kombu.binding.\(exchange)" }
    /// The bindings of queues that do not expire: while there are any, kombu does not sweep the others.
    func permanentBindings(_ exchange: String) -> String { prefix + "_kombu.binding_permanent.\(exchange)" }
    /// Exchange -> Unix milliseconds after which its bindings may be swept.
    var bindingDeadlines: String { prefix + "_kombu.binding_deadlines" }

    // MARK: Ours

    /// What a worker holds: delivery tag -> `number score length list`, see `RedisBrokerScripts.ours`.
    func held(by worker: String) -> String { own("held.\(worker)") }
    /// Worker -> Unix seconds until which it lives.
    var leases: String { own("leases") }
    /// Worker -> what it says about itself, as JSON.
    var workers: String { own("workers") }
    /// When any worker gave a sign of life last, and until when nobody is taken for dead.
    var pulse: String { own("pulse") }
    /// Who takes over the messages of a dead worker.
    func takeover(of worker: String) -> String { own("takeover.\(worker)") }
    /// Workers that were lost, as JSON.
    var lost: String { own("lost") }
    /// Answers of the last settlements of a worker, should they have to be asked for again.
    func settled(by worker: String) -> String { own("settled.\(worker)") }
    /// The number below which nothing may be taken for a worker any more.
    func fence(of worker: String) -> String { own("fence.\(worker)") }
    /// The last batches that a program has published.
    func sent(by program: String) -> String { own("sent.\(program)") }
    /// Names of queues in use.
    var queues: String { own("queues") }
    /// The messages of a queue that wait for their time: `step:length:tag` -> Unix seconds.
    func due(_ queue: String) -> String { own("due.\(queue)") }
    /// Before a delivery tag: how often the message came back.
    var again: String { own("again.") }
    /// The last commands for workers, a stream.
    var commands: String { own("commands") }
    /// Paused queues, as JSON.
    var pauses: String { own("pauses") }
    /// Dead letters, a stream.
    var dead: String { own("dead") }
    /// Kept events, a stream.
    var events: String { own("events") }
    /// Reports of statistics, a list.
    var statistics: String { own("statistics") }
    /// The number of the last report of a worker.
    func lastReport(of worker: String) -> String { own("statistics.\(worker)") }
    /// Whose message has a key.
    func key(_ key: String) -> String { own("key.\(key)") }
    /// The state of the beats of one name, and its commands.
    func beat(_ name: String) -> String { own("beat.\(name)") }
    func beatCommands(_ name: String) -> String { own("beat.\(name).commands") }

    private func own(_ name: String) -> String { prefix + "_celery." + name }

    // MARK: Names

    /// Refuses names that no key may have: they are mistakes, or attempts to be shown as something else.
    ///
    /// - Throws: `DriverError.refused`.
    func check(_ name: String, _ what: String) throws {
        guard !name.isEmpty else { throw DriverError(.refused, "the name of \(what) is empty") }
        guard Self.isPlain(name), !name.contains(text: separator) else {
            throw DriverError(.refused, "the name of \(what) has a line break, NUL or separator in it: '\(name.forLog)'")
        }
    }

    static func isPlain(_ text: String) -> Bool { !text.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D } }
}
