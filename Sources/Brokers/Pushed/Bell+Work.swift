import CeleryCore

extension Bell {
    /// Waits until the bell rings, a scheduled delivery is due or must be renewed, or the deadline passes. Returns at once if a
    /// delivery has arrived.
    ///
    /// - Parameter look: Tells whether a delivery has arrived, and when the next scheduled one is due or must be renewed. Called once.
    /// - Throws: `CancellationError`.
    func waitForWork(
        until deadline: ContinuousClock.Instant?, now: () -> Timestamp,
        _ look: () -> (hasArrived: Bool, nextDue: Timestamp?, nextRenewal: ContinuousClock.Instant?)
    ) async throws {
        let seen = count
        let (hasArrived, nextDue, nextRenewal) = look()
        if hasArrived { return }
        let due = nextDue.map { ContinuousClock.now + max(.zero, $0 - now()) }
        await wait(since: seen, until: [deadline, due, nextRenewal].compactMap { $0 }.min())
        try Task.checkCancellation()
    }
}
