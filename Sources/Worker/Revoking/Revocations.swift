import CeleryCore
import DequeModule

/// The revocations that a worker knows: as many as it may keep, and each for its time.
struct Revocations: Sendable {
    /// Ids it keeps, as Python's workers do; beyond that the oldest go.
    static let idLimit = 50_000
    /// Names of tasks and headers it keeps. Each costs a comparison for every task.
    static let ruleLimit = 1_000

    private var byID: [TaskID: Revocation] = [:]
    /// Ids in the order they came; one that came again stands here twice, and counts where it stands last.
    private var order: Deque<(id: TaskID, issued: Timestamp)> = []
    private var rules: [Revocation] = []

    var isEmpty: Bool { byID.isEmpty && rules.isEmpty }

    mutating func add(_ revocation: Revocation, now: Timestamp) {
        guard revocation.until > now else { return }
        guard case .id(let id) = revocation.target else {
            rules.removeAll { $0.target == revocation.target || $0.until <= now }
            rules.append(revocation)
            if rules.count > Self.ruleLimit { rules.removeFirst() }
            return
        }
        byID[id] = revocation
        order.append((id, revocation.issued))
        trim(now)
    }

    /// Forgets what is over, and the oldest of what is too much.
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

    /// A revocation of this message that is in force.
    func first(covering message: Message, now: Timestamp) -> Revocation? {
        if let known = byID[message.id], known.until > now { return known }
        return rules.first { $0.until > now && $0.covers(message) }
    }

    /// Ids that are revoked, in the order of their text.
    func ids(now: Timestamp) -> [TaskID] {
        byID.values.filter { $0.until > now }.compactMap { revocation in
            if case .id(let id) = revocation.target { id } else { nil }
        }.sorted { $0.text < $1.text }
    }
}
