/// How far a map reads ahead of its results, and how often it deletes results that were taken. Used by `client.dmap` and `celery dmap`.
package enum MapPace {
    /// Inputs read or sent in one step.
    package static let batch = 1_000
    /// Bytes of results that may wait for earlier ones or to be taken.
    package static let mostHeld = 16 << 20

    /// Inputs between reading and taking, for a number of them in flight: later ones go on while an early one takes its time.
    package static func window(inFlight limit: Int) -> Int { max(1_024, min(limit * 8, 32_768)) }

    /// Whether to delete the taken results now: because there are many, or because the last deletion was a while ago.
    package static func isTime(toForget count: Int, since last: ContinuousClock.Instant) -> Bool {
        count >= 500 || .now - last >= .milliseconds(250)
    }
}
