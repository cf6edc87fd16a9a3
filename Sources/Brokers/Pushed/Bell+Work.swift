import CeleryCore

extension Bell {
    /// Waits until the bell rings, the next of what is held is due, or the deadline passes. Returns at once if there is something to
    /// take.
    ///
    /// - Parameter look: Whether there is something to take, when the next of what is held is due, and an earlier deadline. Called
    ///   once.
    /// - Throws: `CancellationError`.
    func waitForWork(
        until deadline: ContinuousClock.Instant?, now: () -> Timestamp,
        _ look: () -> (hasArrived: Bool, nextDue: Timestamp?, earlier: ContinuousClock.Instant?)
    ) async throws {
        let seen = count
        let (hasArrived, nextDue, earlier) = look()
        if hasArrived { return }
        let due = nextDue.map { ContinuousClock.now + max(.zero, $0 - now()) }
        await wait(since: seen, until: [deadline, due, earlier].compactMap { $0 }.min())
        try Task.checkCancellation()
    }
}
