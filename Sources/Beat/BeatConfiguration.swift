package import CeleryCore

/// What a beat is told when it is made.
package struct BeatConfiguration: Sendable {
    /// Beats of one name on one broker share one schedule.
    package var name: String
    package var identity: WorkerIdentity
    /// The longest time between two rounds.
    package var maxInterval: Duration = .seconds(300)
    /// Sends what is due now, and ends.
    package var isOnce = false

    package init(name: String, identity: WorkerIdentity) {
        self.name = name
        self.identity = identity
    }
}
