import CeleryCore

extension Worker {
    /// Monitors take a worker for dead that was silent for twice this time.
    private static let heartbeatInterval = 2.0

    /// Tells monitors that this worker lives, and of its tasks, until it is cancelled; then that it goes.
    func tellMonitors() async {
        guard let events else { return }
        events.start()
        while !isReady && shutdown == nil && failure == nil && !Task.isCancelled { await room.wait(since: room.count, until: .now + .milliseconds(20)) }
        tellOfSelf("worker-online")
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Self.heartbeatInterval))
            if !Task.isCancelled { tellOfSelf(Event.heartbeat) }
        }
        // Sent when the dispatcher is closed.
        tellOfSelf("worker-offline")
    }

    private func tellOfSelf(_ type: String) {
        let active = inFlight.values.count { $0.began != nil }
        events?.tell(type, frequency: Self.heartbeatInterval, active: active, at: now())
    }

    /// Tells monitors what becomes of tasks from now on, or no more.
    ///
    /// - Returns: whether that is a change; `nil` when this worker tells monitors nothing at all.
    package func setTaskEvents(_ on: Bool) -> Bool? { events?.setTaskEvents(on) }

    /// Tells monitors at once that this worker lives, as a monitor asks that has just come.
    func answerHeartbeat() { events?.tell(Event.heartbeat, frequency: 5, active: nil, at: now()) }
}
