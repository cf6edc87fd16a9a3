package import CeleryCore

/// The configuration of a beat.
package struct BeatConfiguration: Sendable {
    /// Beats with the same name on the same broker share one schedule.
    package var name: String
    package var identity: WorkerIdentity
    /// The longest time between two rounds.
    package var maxInterval: Duration = .seconds(300)
    /// Whether beat ends after it has sent the runs that are due now.
    package var isOnce = false

    package init(name: String, identity: WorkerIdentity) {
        self.name = name
        self.identity = identity
    }
}
