/// Selects dead letters. A property that is `nil` does not restrict the selection.
public struct DeadLetterFilter: Sendable, Equatable {
    /// Letters with these keys.
    public var keys: Set<String>?
    /// Letters of tasks with this name; a `*` at the end matches any suffix.
    public var task: String?
    /// Letters taken from this queue.
    public var queue: String?
    /// Letters given up for this reason; see `DeathReason.answers`.
    public var reason: String?
    /// Letters given up at this time or later.
    public var since: Timestamp?
    /// Letters given up before this time.
    public var until: Timestamp?

    public init() {}

    /// Whether the filter selects every letter.
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
