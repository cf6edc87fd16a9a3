extension Event {
    /// The event by which a worker leaves, or others tell of its loss.
    public static let offline = "worker-offline"

    /// The event that tells monitors, Python's too, that a worker ended without saying so: sent in its name.
    ///
    /// - Parameter time: When it was lost.
    package static func loss(of worker: String, pid: Int, queues: [String], started: Timestamp, at time: Timestamp) -> Event {
        EventSource(hostname: worker, pid: pid).event(
            offline,
            [
                "freq": 2.0, "sw_ident": "celery-swift", "sw_sys": "Linux", "lost": true, "queues": .array(queues.map(JSON.string)),
                "started": .double(started.seconds),
            ], at: time)
    }

    /// The worker that the event tells the loss of; `nil` for other events.
    package var lostWorker: LostWorker? {
        guard type == Self.offline, details["lost"] == true else { return nil }
        return LostWorker(
            name: hostname, pid: pid, queues: (details["queues"]?.arrayValue ?? []).compactMap(\.stringValue),
            started: Timestamp(seconds: details["started"]?.doubleValue ?? time.seconds), lost: time)
    }
}
