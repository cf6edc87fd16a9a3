/// The permissions of a user on a virtual host of RabbitMQ: for each kind of operation, a regular expression
/// that must match the whole name of an exchange or queue.
///
/// `configure` permits declaring and deleting. `write` permits publishing to an exchange, binding a queue, and
/// being the target of a binding or of dead letters. `read` permits consuming a queue, binding to an exchange,
/// and being a queue with a dead letter exchange.
struct AccessPatterns: Sendable, Hashable {
    var configure: String
    var write: String
    var read: String

    init(configure: String, write: String, read: String) {
        self.configure = configure
        self.write = write
        self.read = read
    }

    /// The minimal permissions for workers, clients and tools, including Python's, that use these queues and exchanges.
    ///
    /// | objects | configure | write | read |
    /// |---|---|---|---|
    /// | `celery` and these queues and exchanges | yes | publish, bind | consume, bind |
    /// | exchange `celeryev`, queues `celeryev.UUID` and `celery.events`: events | yes | publish, bind | consume, bind |
    /// | queue `celery.lost`: lost workers | yes | bind | consume |
    /// | exchanges `celery.pidbox`, `reply.celery.pidbox`, queues `*.celery.pidbox`: remote control | yes | publish, bind | consume, bind |
    /// | exchange `celeryresults`, queues of 32 hex digits: results over amqp:// | yes | publish, bind | consume, bind |
    /// | `celery_delayed_0` to `celery_delayed_27`, `celery_delayed_delivery`: far-off times | yes | publish, bind, dead letters | bind, dead letters |
    /// | exchange and queue `celery.dead`, and `celery.dead.lock`: dead letters | yes | publish, bind | consume, bind |
    /// | queues `UUID`, Python's, and `celery.reply.` with 32 hex digits, ours: results over rpc:// | yes | no | consume |
    /// | queues `celery.beat.NAME`, with `.orders` and `.lock`: state of beat | yes | no | consume |
    /// | stream `celery.orders`: revoked tasks, paused queues | yes | no | consume |
    /// | queue `celery.statistics`: statistics of workers | yes | no | consume |
    /// | the default exchange | no | publish | no |
    ///
    /// Replies over rpc:// and tasks for plain queues go through the default exchange. A user with permission to
    /// write to it reaches every queue of the virtual host, so applications that must be isolated from each other
    /// need separate virtual hosts, whatever the patterns.
    init(names wanted: [String]) {
        var names: [String] = []
        for name in ["celery"] + wanted where !names.contains(name) { names.append(name) }
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        let bound = names.map(Self.literal) + [
            "celeryev([.]\(uuid))?", "celery[.](events|lost)", "(.+[.])?celery[.]pidbox", "celeryresults", "[0-9a-f]{32}",
            "celery_delayed_([0-9]|1[0-9]|2[0-7]|delivery)", "celery[.]dead([.]lock)?",
        ]
        let replies = "(celery[.]reply[.])?\(uuid)|celery[.]reply[.][0-9a-f]{32}"
        let unbound = [replies, "celery[.]beat[.].+", "celery[.](orders|statistics)"]
        configure = Self.whole(bound + unbound)
        write = Self.whole(["amq[.]default"] + bound)
        read = Self.whole(bound + unbound)
    }

    private static func whole(_ alternatives: [String]) -> String { "^(\(alternatives.joined(separator: "|")))$" }

    /// A pattern that matches only `name`. Escapes with brackets where possible: Debian's `rabbitmqctl` passes its
    /// arguments through a shell, which may change backslashes.
    static func literal(_ name: String) -> String {
        var pattern = ""
        for character in name {
            switch character {
            case "^", "\\", "[", "]": pattern += "\\\(character)"
            case ".", "$", "|", "(", ")", "{", "}", "*", "+", "?": pattern += "[\(character)]"
            default: pattern.append(character)
            }
        }
        return pattern
    }
}
