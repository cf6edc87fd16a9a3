/// What a user may do in a virtual host of RabbitMQ: for each kind of deed, a regular expression
/// that the whole name of an exchange or queue must match.
///
/// `configure` is to declare and delete. `write` is to publish to an exchange, to bind a queue, and to be where
/// an exchange is bound or a queue's dead letters go. `read` is to consume from a queue, to bind to an exchange,
/// and to be a queue that has dead letters.
struct AccessPatterns: Sendable, Hashable {
    var configure: String
    var write: String
    var read: String

    init(configure: String, write: String, read: String) {
        self.configure = configure
        self.write = write
        self.read = read
    }

    /// The least that workers, clients and tools need, ours and Python's, for queues and exchanges of these names.
    ///
    /// | objects | configure | write | read |
    /// |---|---|---|---|
    /// | `celery` and these queues and exchanges | yes | publish, bind | consume, bind |
    /// | exchange `celeryev`, queues `celeryev.UUID` and `celery.events`: events | yes | publish, bind | consume, bind |
    /// | exchanges `celery.pidbox`, `reply.celery.pidbox`, queues `*.celery.pidbox`: remote control | yes | publish, bind | consume, bind |
    /// | exchange `celeryresults`, queues of 32 hex digits: results over amqp:// | yes | publish, bind | consume, bind |
    /// | `celery_delayed_0` to `celery_delayed_27`, `celery_delayed_delivery`: far-off times | yes | publish, bind, dead letters | bind, dead letters |
    /// | exchange and queue `celery.dead`, and `celery.dead.lock`: dead letters | yes | publish, bind | consume, bind |
    /// | queues `UUID`, Python's, and `celery.reply.` with 32 hex digits, ours: results over rpc:// | yes | no | consume |
    /// | queues `celery.beat.NAME`, with `.orders` and `.lock`: what beats keep | yes | no | consume |
    /// | stream `celery.orders`: revoked tasks, paused queues | yes | no | consume |
    /// | queue `celery.statistics`: what workers have counted | yes | no | consume |
    /// | the default exchange | no | publish | no |
    ///
    /// Replies over rpc:// go through the default exchange, and so does every task for a plain queue: whoever may
    /// write there reaches each queue of the virtual host. Applications that must not reach each other
    /// need virtual hosts of their own, whatever the patterns.
    init(names wanted: [String]) {
        var names: [String] = []
        for name in ["celery"] + wanted where !names.contains(name) { names.append(name) }
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        let bound = names.map(Self.literal) + [
            "celeryev([.]\(uuid))?", "celery[.]events", "(.+[.])?celery[.]pidbox", "celeryresults", "[0-9a-f]{32}",
            "celery_delayed_([0-9]|1[0-9]|2[0-7]|delivery)", "celery[.]dead([.]lock)?",
        ]
        let replies = "(celery[.]reply[.])?\(uuid)|celery[.]reply[.][0-9a-f]{32}"
        let unbound = [replies, "celery[.]beat[.].+", "celery[.](orders|statistics)"]
        configure = Self.whole(bound + unbound)
        write = Self.whole(["amq[.]default"] + bound)
        read = Self.whole(bound + unbound)
    }

    private static func whole(_ alternatives: [String]) -> String { "^(\(alternatives.joined(separator: "|")))$" }

    /// A pattern that only `name` matches. Brackets rather than backslashes where they will do: Debian's
    /// `rabbitmqctl` hands its words to a shell, and nothing should depend on what that makes of backslashes.
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
