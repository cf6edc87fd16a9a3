import CeleryCore

/// Tells monitors that this worker lives.
final class Heartbeat {
    private let events: EventDispatcher
    private let jobs: JobBook
    private let now: @Sendable () -> Timestamp

    /// Seconds. Monitors take a worker for dead that was silent for twice this time.
    private static let interval = 2.0

    init(_ events: EventDispatcher, _ jobs: JobBook, now: @escaping @Sendable () -> Timestamp) {
        self.events = events
        self.jobs = jobs
        self.now = now
    }

    /// Does so until it is cancelled; then tells them that it goes.
    nonisolated(nonsending) func run() async {
        tell("worker-online")
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Self.interval))
            if !Task.isCancelled { tell(Event.heartbeat) }
        }
        // Sent when the dispatcher is closed.
        tell("worker-offline")
    }

    private func tell(_ type: String) {
        events.tell(type, frequency: Self.interval, active: jobs.all.count { $0.began != nil }, at: now())
    }
}
