import CeleryCore

/// Outcomes on their way into the records.
///
/// What is done is taken out at once: when a step fails for a while, the next try goes on
/// from there, and publishes nothing twice.
struct Settlement: Sendable {
    /// What is left to do, in order.
    var rest: [Outcome]
    /// The same outcomes as they were.
    private(set) var open: ArraySlice<Outcome>
    /// Those whose delivery was another worker's by then.
    private(set) var late: [Outcome] = []
    /// Those that wait for what is not accepted now, and as they were.
    private var stuck: (rest: [Outcome], open: [Outcome]) = ([], [])

    init(_ outcomes: [Outcome]) {
        rest = outcomes
        open = outcomes[...]
    }

    var isDone: Bool { rest.isEmpty }

    /// What is not settled, as it was.
    var unsettled: [Outcome] { Array(open) + stuck.open }

    /// Deliveries whose outcome did not count: it came too late, or was given up.
    var uncounted: Set<DeliveryHandle> { Set((late + unsettled).map(\.handle)) }

    /// Sets those of the rest aside that have a message to be accepted which is one of these.
    ///
    /// - Returns: whether others are left, which need not wait for them.
    mutating func setAside(waitingFor messages: Set<TaskID>) -> Bool {
        let waits = rest.map { outcome in !messages.isDisjoint(with: outcome.messages) }
        guard waits.contains(true), waits.contains(false) else { return false }
        stuck.rest += zip(rest, waits).compactMap { $1 ? $0 : nil }
        stuck.open += zip(open, waits).compactMap { $1 ? $0 : nil }
        rest = zip(rest, waits).compactMap { $1 ? nil : $0 }
        open = zip(open, waits).compactMap { $1 ? nil : $0 }[...]
        return true
    }

    /// Takes up again what was set aside.
    ///
    /// - Returns: whether there was anything.
    mutating func takeUp() -> Bool {
        defer { stuck = ([], []) }
        rest += stuck.rest
        open += stuck.open
        return !stuck.rest.isEmpty
    }

    /// Those of the rest that are not `held` came too late.
    mutating func drop(unless held: [Bool]) {
        late += zip(open, held).compactMap { $1 ? nil : $0 }
        open = Array(zip(open, held).compactMap { $1 ? $0 : nil })[...]
        rest = zip(rest, held).compactMap { $1 ? $0 : nil }
    }

    /// The first of the rest are settled.
    ///
    /// - Parameter counted: for each of them whether it counted.
    mutating func close(_ counted: [Bool]) {
        late += zip(open, counted).compactMap { $1 ? nil : $0 }
        rest.removeFirst(counted.count)
        open.removeFirst(counted.count)
    }
}

extension Outcome {
    /// Whether messages are to be accepted before it is settled.
    var sendsMessages: Bool {
        if case .acknowledge = disposition { !followUps.isEmpty } else { true }
    }

    /// Those messages.
    fileprivate var messages: [TaskID] {
        switch disposition {
        case .acknowledge: followUps.map(\.id)
        case .retry(let message), .bury(let message, _): followUps.map(\.id) + [message.id]
        }
    }
}
