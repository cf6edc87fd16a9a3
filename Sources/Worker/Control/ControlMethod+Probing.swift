import CeleryCore

extension ControlMethod {
    /// What `celery doctor` asks. Python's workers do not know these methods.
    static let probing = [
        // Tells the time and the version; in a visit, also consumes from the worker's queue for probes for some seconds.
        ControlMethod("probe") { shift, arguments in
            let arguments = ControlArguments("probe", arguments)
            if let visit = try arguments.optionalText("visit") {
                try await shift.startProbing(visit, for: try arguments.seconds("seconds") ?? 5)
            }
            return ["time": .double(shift.now().seconds), "software": .string(shift.configuration.facts.software)]
        },
        // When probes arrived, and whether the worker has room for messages at all.
        ControlMethod("probed") { shift, arguments in
            let arguments = ControlArguments("probed", arguments)
            let ids = try arguments.texts("ids") ?? []
            let seen = ids.compactMap { id in shift.probes.time(of: TaskID(id)).map { (id, JSON.double($0.seconds)) } }
            if let visit = try arguments.optionalText("done") { await shift.stopProbing(visit) }
            return [
                "seen": .object(JSONObject(seen)), "jobs": .int(Int64(shift.jobs.count)), "full": .bool(shift.intake.isFull),
                "stopping": .bool(shift.ladder.hasBegun),
            ]
        },
    ]
}

extension Shift {
    /// The longest time that a queue for probes is consumed, in seconds.
    private static let longestProbe = 60.0

    fileprivate func startProbing(_ visit: String, for seconds: Double) async throws {
        let queue = Probe.queue(of: configuration.identity.name)
        if let rule = BrokerName.queue.rule(brokenBy: queue) { throw ControlError.value("not the name of a queue: write \(rule)") }
        guard let switching = powers.switching else { throw ControlError.value("this broker cannot change the queues of a worker") }
        guard probes.begin(visit) else { throw ControlError.value("too many visits at once") }
        do {
            try await switching.add(QueueDefinition(temporary: queue))
        } catch {
            probes.end(visit)
            throw error
        }
        room.ring()
        // Whoever asked may be gone.
        Task { [weak self] in
            try? await Task.sleep(for: .seconds(min(seconds, Self.longestProbe)))
            await self?.stopProbing(visit)
        }
    }

    /// Leaves the queue after the last visit.
    fileprivate func stopProbing(_ visit: String) async {
        let queue = Probe.queue(of: configuration.identity.name)
        guard probes.end(visit), !probes.hasVisits, let switching = powers.switching else { return }
        do {
            try await switching.remove(queue)
            // Another visit may have begun meanwhile.
            if probes.hasVisits { try await switching.add(QueueDefinition(temporary: queue)) }
        } catch {
            log.brokerTrouble("cannot leave queue \(queue)", error)
        }
    }
}
