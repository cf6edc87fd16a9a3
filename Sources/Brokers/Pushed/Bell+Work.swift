import CeleryCore

extension Bell {
    /// Waits until the bell rings, the next of what is held is due, or the deadline passes. Returns at once if there is something to
    /// take.
    ///
    /// - Parameter look: Whether there is something to take, and when the next of what is held is due. Called once.
    /// - Throws: `CancellationError`.
    func waitForWork(
        until deadline: ContinuousClock.Instant?, now: () -> Timestamp, _ look: () -> (hasArrived: Bool, nextDue: Timestamp?)
    ) async throws {
        let seen = count
        let (hasArrived, nextDue) = look()
        if hasArrived { return }
        let due = nextDue.map { ContinuousClock.now + max(.zero, $0 - now()) }
        await wait(since: seen, until: [deadline, due].compactMap { $0 }.min())
        try Task.checkCancellation()
    }
}
