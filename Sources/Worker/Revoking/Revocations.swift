import CeleryCore
import DequeModule

/// The revocations that a worker remembers: a limited number, each until its end.
struct Revocations: Sendable {
    /// Maximum number of ids, as in Python's workers; the oldest are forgotten first.
    static let idLimit = 50_000
    /// Maximum number of task names and headers. Each costs a comparison for every task.
    static let ruleLimit = 1_000

    private var byID: [TaskID: Revocation] = [:]
    /// Ids in order of arrival. An id revoked again appears twice; only the last entry counts.
    private var order: Deque<(id: TaskID, issued: Timestamp)> = []
    private var rules: [Revocation] = []

    var isEmpty: Bool { byID.isEmpty && rules.isEmpty }

    mutating func add(_ revocation: Revocation, now: Timestamp) {
        guard revocation.until > now else { return }
        guard let id = revocation.target.id else {
            rules.removeAll { $0.target == revocation.target || $0.until <= now }
            rules.append(revocation)
            if rules.count > Self.ruleLimit { rules.removeFirst() }
            return
        }
        byID[id] = revocation
        order.append((id, revocation.issued))
        trim(now)
    }

    /// Forgets ended revocations, and the oldest ones beyond the limit.
    private mutating func trim(_ now: Timestamp) {
        while let (id, issued) = order.first {
            let known = byID[id]
            let isStale = known?.issued != issued
            guard isStale || byID.count > Self.idLimit || known.map({ $0.until <= now }) ?? true || order.count > 2 * Self.idLimit
            else { return }
            order.removeFirst()
            if !isStale { byID[id] = nil }
        }
    }

    /// A revocation in force that covers the message.
    func first(covering message: Message, now: Timestamp) -> Revocation? {
        if let known = byID[message.id], known.until > now { return known }
        return rules.first { $0.until > now && $0.covers(message) }
    }

    /// The revoked ids, sorted.
    func ids(now: Timestamp) -> [TaskID] {
        byID.values.filter { $0.until > now }.compactMap(\.target.id).sorted { $0.text < $1.text }
    }
}
