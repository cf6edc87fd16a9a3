import Processes
import Synchronization

/// The commands for a thread that makes calls, and how many jobs that thread has.
final class CallInbox: Sendable {
    let commands: PoolInbox
    private let load = Atomic<Int>(0)

    /// - Throws: `SystemError` when a descriptor cannot be created.
    init() throws(SystemError) { commands = try PoolInbox() }

    /// Gives each job to the thread that has the fewest.
    static func submit(_ jobs: [JobRequest], to inboxes: [CallInbox]) {
        var loads = inboxes.map { $0.load.load(ordering: .relaxed) }
        var shares = inboxes.map { _ in [JobRequest]() }
        for job in jobs {
            let least = loads.indices.min { loads[$0] < loads[$1] }!
            loads[least] += 1
            shares[least].append(job)
        }
        for (inbox, share) in zip(inboxes, shares) where !share.isEmpty {
            inbox.load.add(share.count, ordering: .relaxed)
            inbox.commands.send(.submit(share))
        }
    }

    /// Notes that jobs have left the thread.
    func note(_ events: [PoolEvent]) {
        let left = events.reduce(0) { $0 + $1.leavingJobs }
        if left > 0 { load.subtract(left, ordering: .relaxed) }
    }
}

extension PoolEvent {
    /// The number of jobs that end, or go back.
    fileprivate var leavingJobs: Int {
        switch self {
        case .report, .lost, .timedOut, .outgrew: 1
        case .returned(let tags), .recalled(let tags): tags.count
        case .began, .log, .news, .output, .replaced, .short, .staffed, .ready, .failed, .ended: 0
        }
    }
}
