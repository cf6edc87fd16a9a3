import CeleryCore

extension ControlMethod {
    /// What `celery doctor` asks. Python's workers do not know these methods.
    static let probing = [
        // Tells the time and the version; with a queue, also consumes from it for a few seconds.
        ControlMethod("probe") { shift, arguments in
            let arguments = ControlArguments("probe", arguments)
            if let queue = try arguments.optionalText("queue") {
                try await shift.startProbing(queue, for: try arguments.seconds("seconds") ?? 5)
            }
            return ["time": .double(shift.now().seconds), "software": .string(shift.configuration.facts.software)]
        },
        // When probes arrived, and whether the worker has room for messages at all; stops consuming from a queue of `probe`.
        ControlMethod("probed") { shift, arguments in
            let arguments = ControlArguments("probed", arguments)
            let ids = try arguments.texts("ids") ?? []
            let seen = ids.compactMap { id in shift.probes.time(of: TaskID(id)).map { (id, JSON.double($0.seconds)) } }
            if let queue = try arguments.optionalText("done") { await shift.stopProbing(queue) }
            return [
                "seen": .object(JSONObject(seen)), "jobs": .int(Int64(shift.jobs.count)), "slots": .int(Int64(shift.scaler.size)),
                "stopping": .bool(shift.ladder.hasBegun),
            ]
        },
    ]
}

extension Shift {
    /// The longest time that a queue for probes is consumed, in seconds.
    private static let longestProbe = 60.0

    fileprivate func startProbing(_ queue: String, for seconds: Double) async throws {
        guard queue.hasPrefix(Probe.queuePrefix), BrokerName.queue.rule(brokenBy: queue) == nil else {
            throw ControlError.value("not the name of a queue for probes: \(queue)")
        }
        guard let switching = powers.switching else { throw ControlError.value("this broker cannot change the queues of a worker") }
        try await switching.add(QueueDefinition(temporary: queue))
        room.ring()
        // Whoever asked may be gone.
        Task { [weak self] in
            try? await Task.sleep(for: .seconds(min(seconds, Self.longestProbe)))
            await self?.stopProbing(queue)
        }
    }

    fileprivate func stopProbing(_ queue: String) async {
        guard queue.hasPrefix(Probe.queuePrefix), let switching = powers.switching, switching.consumedQueues.contains(queue) else { return }
        do {
            try await switching.remove(queue)
        } catch {
            log.brokerTrouble("cannot leave queue \(queue)", error)
        }
    }
}
