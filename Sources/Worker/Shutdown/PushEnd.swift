import CeleryCore

/// Has the broker push no more deliveries when a shutdown begins, before anything is given back.
///
/// What came and was not taken goes to other workers. Isolated to the shift, as its other parts are.
final class PushEnd {
    private let powers: ConsumerPowers
    private var end: Task<Void, Never>?

    init(_ powers: ConsumerPowers) { self.powers = powers }

    /// Tells the broker at the first call. Every call returns when the broker has been told.
    nonisolated(nonsending) func complete() async {
        let end = end ?? Task { [powers] in await powers.pushing?.endPushing() }
        self.end = end
        await end.value
    }
}
