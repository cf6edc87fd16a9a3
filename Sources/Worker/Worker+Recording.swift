import CeleryCore

// What tasks came to must not be lost to a full disk, or a broker that is away for a while; nor may what one queue does not
// take, as one without a leader, hold up the tasks of all others.
extension Worker {
    /// A loop waits for a record so long; then it goes on beside.
    private static let recordPatience: Duration = .seconds(1)
    /// The same while another takes longer than that.
    private static let shortPatience: Duration = .milliseconds(20)
    /// With so many outcomes on their way beside, nothing more is taken.
    static let slowLimit = 500
    /// A cold shutdown waits so long for what is recorded beside.
    private static let coldPatience: Duration = .seconds(2)

    /// Outcomes that are recorded beside the rest of the work.
    struct Recording {
        var outcomes: [Outcome]
        /// Settles them. It is cancelled only when they are given up.
        var work: Task<Void, Never>?
        /// Whether it takes so long that no loop waits for it.
        var isSlow = false
    }

    /// How many outcomes are on their way that no loop waits for.
    var slowCount: Int { recordings.values.reduce(0) { $0 + ($1.isSlow ? $1.outcomes.count : 0) } }

    /// Settles outcomes, for a moment before all else and then beside it, until it works.
    func record(_ outcomes: [Outcome], _ settler: any Settler) async {
        guard !outcomes.isEmpty else { return }
        // Where one file keeps everything, what holds up one of them holds up all; so does what holds up an
        // acknowledgement, or a result.
        guard settler.mayGiveUp, outcomes.contains(where: \.sendsMessages) else {
            await settle(outcomes, settler)
            return
        }
        lastRecording += 1
        let number = lastRecording
        recordings[number] = Recording(outcomes: outcomes)
        let patience = slowCount > 0 ? Self.shortPatience : Self.recordPatience
        let done = Bell()
        recordings[number]?.work = Task {
            await settle(outcomes, settler)
            recordings[number] = nil
            done.ring()
            room.ring()
        }
        await done.wait(since: 0, until: .now + patience)
        recordings[number]?.isSlow = true
    }

    /// Waits for what is recorded beside, when the pool has gone, and gives up what takes too long.
    func finishRecording() async {
        let start = ContinuousClock.now
        while !recordings.isEmpty {
            // A cold shutdown may follow a warm one.
            let deadline = start + (shutdown == .cold ? Self.coldPatience : configuration.stoppingPatience)
            guard deadline > .now else { break }
            await room.wait(since: room.count, until: deadline)
        }
        guard !recordings.isEmpty else { return }
        log.unrecorded(recordings.values.flatMap(\.outcomes))
        for recording in recordings.values { recording.work?.cancel() }
    }

    /// Settles outcomes, trying again until it works: the tasks have run, and their
    /// results must not be lost to a full disk or a broker that is away for a while.
    ///
    /// A worker that is to stop gives up where that loses nothing, or nothing that was promised.
    ///
    /// - Returns: what became of them.
    @discardableResult
    func settle(_ outcomes: [Outcome], _ settler: any Settler) async -> Settlement {
        var settlement = Settlement(outcomes)
        guard !outcomes.isEmpty else { return settlement }
        var backoff = Backoff()
        while true {
            do {
                try await settler.settle(&settlement)
                lastSuccess = .now
                if settlement.takeUp() { continue }
                for outcome in settlement.late { log.fencedOff(outcome) }
                return settlement
            } catch {
                if Task.isCancelled { return settlement }
                let count = settlement.unsettled.count
                log.brokerTrouble("cannot record \(count) outcome\(count == 1 ? "" : "s")", error)
                if shutdown == .cold { return settlement }
                if isHopeless(settler) {
                    log.unrecorded(settlement.unsettled)
                    return settlement
                }
                if let error = error as? DriverError, settlement.setAside(waitingFor: error.unconfirmed) { continue }
                await pause(backoff.next())
            }
        }
    }

    /// Whether this worker is to stop, and has tried in vain for long enough.
    func isHopeless(_ settler: any Settler) -> Bool {
        shutdown != nil && settler.mayGiveUp && lastSuccess + configuration.stoppingPatience <= .now
    }

    /// Waits, but not longer than until a shutdown begins.
    func pause(_ duration: Duration) async {
        await stopping.wait(since: stopping.count, until: .now + duration)
    }
}
