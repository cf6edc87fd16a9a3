/// Why no worker will run a message any more.
public enum DeathReason: Sendable, Hashable {
    /// Its process died of this signal, as often as it may.
    case signal(Int)
    /// Its process was killed because memory ran out.
    case outOfMemory
    /// Its process, or the whole worker, was gone time and again, and nobody knows of what.
    case lost
    /// No task of its name was known to the worker that had it.
    case unregistered
    /// No task can be made of its bytes.
    case unreadable
    /// What the broker itself says of a message that it gave up: `expired`, `maxlen`, `delivery_limit`.
    case other(String)

    /// As it is written down, and shown: `signal 11`.
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

    /// What RabbitMQ itself says of messages that it gives up, or is told to: the reasons of its header `x-death`
    /// (its manual, "Dead Letter Exchanges").
    package static let namesOfRabbitMQ = ["rejected", "expired", "maxlen", "delivery_limit"]

    /// Of a message in a queue of dead letters that does not say why.
    package static let unknownName = "unknown"

    /// The names there are; `signal` is followed by a number where one letter is told of.
    package static let names = ["signal", "out of memory", "lost", "unregistered", "unreadable"] + namesOfRabbitMQ + [unknownName]

    /// Whether a dead letter may answer to this text.
    package static func mayAnswer(to text: String) -> Bool {
        if case .signal(let number) = DeathReason(name: text) { return (1...64).contains(number) && text == "signal \(number)" }
        return names.contains(text)
    }

    /// Whether somebody who asks for `text` means this one: `signal` means every signal.
    public func answers(to text: String) -> Bool {
        name == text || (text == "signal" && name.hasPrefix("signal "))
    }
}
