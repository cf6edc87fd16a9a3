import CeleryCore

/// Sends heartbeats of this worker to monitors.
final class Heartbeat {
    private let events: EventDispatcher
    private let jobs: JobBook
    private let now: @Sendable () -> Timestamp

    /// Seconds. Monitors consider a worker dead after twice this time without a heartbeat.
    private static let interval = 2.0

    init(_ events: EventDispatcher, _ jobs: JobBook, now: @escaping @Sendable () -> Timestamp) {
        self.events = events
        self.jobs = jobs
        self.now = now
    }

    /// Sends `worker-online`, then heartbeats until the task is cancelled, then `worker-offline`.
    nonisolated(nonsending) func run() async {
        send("worker-online")
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Self.interval))
            if !Task.isCancelled { send(Event.heartbeat) }
        }
        // The dispatcher sends this event when it is closed.
        send("worker-offline")
    }

    private func send(_ type: String) {
        events.tell(type, frequency: Self.interval, active: jobs.all.count { $0.began != nil }, at: now())
    }
}
