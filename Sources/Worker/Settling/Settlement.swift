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

    init(_ outcomes: [Outcome]) {
        rest = outcomes
        open = outcomes[...]
    }

    var isDone: Bool { rest.isEmpty }

    /// Deliveries whose outcome did not count: it came too late, or was given up.
    var uncounted: Set<DeliveryHandle> { Set((late + open).map(\.handle)) }

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
