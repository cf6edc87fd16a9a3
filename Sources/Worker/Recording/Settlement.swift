import CeleryCore

/// Outcomes in the course of being recorded.
///
/// Completed steps are removed at once: after a failure, the next try continues at the failed step and publishes nothing
/// twice.
struct Settlement: Sendable {
    /// The outcomes, reduced to the remaining steps.
    var rest: [Outcome]
    /// The outcomes of `rest` in their original form.
    private(set) var open: ArraySlice<Outcome>
    /// Outcomes whose delivery belonged to another worker by then.
    private(set) var late: [Outcome] = []
    /// Outcomes set aside because a message is not accepted now, reduced and in their original form.
    private var stuck: (rest: [Outcome], open: [Outcome]) = ([], [])

    init(_ outcomes: [Outcome]) {
        rest = outcomes
        open = outcomes[...]
    }

    var isDone: Bool { rest.isEmpty }

    /// The unsettled outcomes in their original form.
    var unsettled: [Outcome] { Array(open) + stuck.open }

    /// Deliveries whose outcome came too late or was given up.
    var uncounted: Set<DeliveryHandle> { Set((late + unsettled).map(\.handle)) }

    /// Sets aside the outcomes that publish one of these messages.
    ///
    /// - Returns: Whether some outcomes were set aside and others are left to settle. If not, nothing is changed.
    mutating func setAside(waitingFor messages: Set<TaskID>) -> Bool {
        let waits = rest.map { outcome in !messages.isDisjoint(with: outcome.messages) }
        guard waits.contains(true), waits.contains(false) else { return false }
        stuck.rest += zip(rest, waits).compactMap { $1 ? $0 : nil }
        stuck.open += zip(open, waits).compactMap { $1 ? $0 : nil }
        rest = zip(rest, waits).compactMap { $1 ? nil : $0 }
        open = zip(open, waits).compactMap { $1 ? nil : $0 }[...]
        return true
    }

    /// Returns the outcomes set aside to `rest`.
    ///
    /// - Returns: Whether there were any.
    mutating func takeUp() -> Bool {
        defer { stuck = ([], []) }
        rest += stuck.rest
        open += stuck.open
        return !stuck.rest.isEmpty
    }

    /// Moves the outcomes whose delivery is not `held` to `late`.
    mutating func drop(unless held: [Bool]) {
        late += zip(open, held).compactMap { $1 ? nil : $0 }
        open = Array(zip(open, held).compactMap { $1 ? $0 : nil })[...]
        rest = zip(rest, held).compactMap { $1 ? $0 : nil }
    }

    /// Removes the first outcomes, which are settled.
    ///
    /// - Parameter counted: For each settled outcome, whether it counted.
    mutating func close(_ counted: [Bool]) {
        for (index, isCounted) in zip(open.indices, counted) where !isCounted { late.append(open[index]) }
        rest.removeFirst(counted.count)
        open.removeFirst(counted.count)
    }
}

extension Outcome {
    /// Whether the outcome publishes messages.
    var sendsMessages: Bool {
        guard case .acknowledge = disposition else { return true }
        return !followUps.isEmpty || !chordParts.isEmpty || !replies.isEmpty || results.contains(where: \.isAwaited)
    }

    /// The messages that the outcome publishes next.
    fileprivate var messages: [TaskID] {
        switch disposition {
        case .acknowledge: followUps.map(\.id) + replies.map(\.id)
        case .retry(let message), .bury(let message, _): followUps.map(\.id) + replies.map(\.id) + [message.id]
        }
    }
}
