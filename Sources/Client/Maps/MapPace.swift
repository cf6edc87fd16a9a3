/// How far a map reads ahead of its results, and how often it deletes those that were taken: `client.dmap` and `celery dmap` alike.
package enum MapPace {
    /// Inputs read or sent in one step.
    package static let batch = 1_000
    /// Bytes of results that may wait for earlier ones or to be taken.
    package static let mostHeld = 16 << 20

    /// Inputs between reading and taking, for a number of them in flight: later ones go on while an early one takes its time.
    package static func window(inFlight limit: Int) -> Int { max(1_024, min(limit * 8, 32_768)) }

    /// Whether so many taken results are worth a deletion, or the last one was a while ago.
    package static func isTime(toForget count: Int, since last: ContinuousClock.Instant) -> Bool {
        count >= 500 || .now - last >= .milliseconds(250)
    }
}
