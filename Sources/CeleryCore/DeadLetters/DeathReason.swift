/// Why a message is given up.
public enum DeathReason: Sendable, Hashable {
    /// Its process repeatedly died of this signal.
    case signal(Int)
    /// Its process was killed for lack of memory.
    case outOfMemory
    /// Its process, or its whole worker, repeatedly disappeared for an unknown reason.
    case lost
    /// The worker knew no task of this name.
    case unregistered
    /// Its bytes could not be decoded into a task.
    case unreadable
    /// The broker gave the message up itself: `expired`, `maxlen`, `delivery_limit`.
    case other(String)

    /// The stored and displayed form: `signal 11`.
    public var name: String {
        switch self {
        case .signal(let number): "signal \(number)"
        case .outOfMemory: "out of memory"
        case .lost: "lost"
        case .unregistered: "unregistered"
        case .unreadable: "unreadable"
        case .other(let name): name
        }
    }

    public init(name: String) {
        switch name {
        case "out of memory": self = .outOfMemory
        case "lost": self = .lost
        case "unregistered": self = .unregistered
        case "unreadable": self = .unreadable
        default:
            let words = name.split(separator: " ")
            if words.count == 2, words[0] == "signal", let number = Int(words[1]) {
                self = .signal(number)
            } else {
                self = .other(name)
            }
        }
    }

    /// The reasons in RabbitMQ's header `x-death` (its manual, "Dead Letter Exchanges").
    package static let namesOfRabbitMQ = ["rejected", "expired", "maxlen", "delivery_limit"]

    /// The reason of a message in the queue of dead letters that does not give one.
    package static let unknownName = "unknown"

    /// The names accepted by filters; in a single letter `signal` is followed by a number.
    package static let names = ["signal", "out of memory", "lost", "unregistered", "unreadable"] + namesOfRabbitMQ + [unknownName]

    /// Whether `text` can match a dead letter.
    package static func mayAnswer(to text: String) -> Bool {
        if case .signal(let number) = DeathReason(name: text) { return (1...64).contains(number) && text == "signal \(number)" }
        return names.contains(text)
    }

    /// Whether a request for `text` means this reason: `signal` means every signal.
    public func answers(to text: String) -> Bool {
        name == text || (text == "signal" && name.hasPrefix("signal "))
    }
}
