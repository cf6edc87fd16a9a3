/// Which dead letters are meant. What is not given leaves all.
public struct DeadLetterFilter: Sendable, Equatable {
    /// These keys.
    public var keys: Set<String>?
    /// Tasks of this name; a `*` at its end stands for any rest.
    public var task: String?
    /// Taken from this queue.
    public var queue: String?
    /// Given up for this reason; see `DeathReason.answers`.
    public var reason: String?
    /// Given up then or later.
    public var since: Timestamp?
    /// Given up before that.
    public var until: Timestamp?

    public init() {}

    /// Whether every letter is meant.
    public var isOpen: Bool { self == DeadLetterFilter() }

    public func matches(_ letter: DeadLetter) -> Bool {
        if let keys, !keys.contains(letter.key) { return false }
        if let task, !Self.matches(letter.task ?? "", task) { return false }
        if let queue, letter.queue != queue { return false }
        if let reason, !letter.burial.reason.answers(to: reason) { return false }
        if let since, letter.burial.date < since { return false }
        if let until, letter.burial.date >= until { return false }
        return true
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(String(pattern.dropLast())) : name == pattern
    }
}
