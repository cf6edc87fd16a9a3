// A pool child: one thread reads frames, and one Swift concurrency task runs jobs one at a time.

import CeleryCore
import Glibc
import Processes
import Synchronization
package import Tasks

/// The main program of a pool child.
package enum PoolChildMain {
    /// The command-line argument that makes this binary a pool child.
    package static let argument = "__pool-child"
    /// The descriptor of the socket to the worker.
    static let socketNumber: Int32 = 3
    /// The descriptor of the flight record, if the next argument names a slot of it.
    static let flightNumber: Int32 = 4

    /// Runs jobs until the worker sends `finish` or is gone. Then exits; never returns.
    ///
    /// - Parameter registry: The Swift tasks of this binary.
    package static func run(registry: TaskRegistry) async {
        SignalDispositions.settle()
        try? Descendants.becomeSubreaper()
        let descriptor = OwnedDescriptor(owning: socketNumber)
        // Programs get descriptors beyond this one, but not this one.
        try? descriptor.setCloseOnExec(true)
        let socket = FrameSocket(descriptor)
        let jobs = JobQueue()
        let underway = JobUnderway()
        var runner = JobRunner(registry: registry, environment: .current()) { socket.send(.log($0)) }
        runner.tell = { socket.send(.news($0, $1)) }
        runner.show = { socket.send(.output($0, $1)) }
        if CommandLine.arguments.count > 3 { runner.controlGroups = ControlGroupRoom(path: CommandLine.arguments[3]) }
        // Removes control groups left behind by an earlier child that was killed.
        runner.controlGroups?.sweep()
        let isOrphaned = OrphanMark()
        WorkThread.start {
            socket.readAll { frame in
                switch frame {
                case .job(let job): jobs.append(job)
                case .recall: socket.send(.returned(jobs.removeAll().map(\.tag)))
                case .finish: jobs.finish()
                case .terminate(let tag, let signal): underway.terminate(tag, signal: signal)
                case .ready, .report, .returned, .outdated, .log, .news, .output: break
                }
            }
            // The worker is gone, so nobody can record the outcome of the running job.
            isOrphaned.set()
            ProgramRun.killCurrent()
            _exit(0)
        }
        let flight = flightRecord()
        RestingMemory.giveBack()
        socket.send(.ready)
        while let job = await jobs.next() {
            if job.isOutdated {
                guard socket.send(.outdated(job.tag)) else { break }
                continue
            }
            flight?.begin(FlightRecord.Entry(tag: job.deliveryTag, attempt: job.attempt))
            let stop = underway.begin(job)
            var report = await runner.run(job, stop)
            let signal = underway.end()
            // The file changed or vanished after the look at it above.
            if signal == nil, report.isUnbegun, job.isOutdated {
                flight?.end()
                guard socket.send(.outdated(job.tag)) else { break }
                continue
            }
            if let signal { report.ending = .revoked(.revoked("terminated"), signal: signal) }
            // A job that was killed because the worker is gone has no outcome; start no other.
            if isOrphaned.isSet { break }
            flight?.end()
            guard socket.send(.report(report)) else { break }
        }
        // The reading thread ends the process.
        if isOrphaned.isSet { while true { pause() } }
        _exit(0)
    }

    /// The flight record with this child's slot, which is the second argument; `nil` if the worker has no flight record.
    private static func flightRecord() -> FlightRecord? {
        guard CommandLine.arguments.count > 2, let slot = Int(CommandLine.arguments[2]), 0..<FlightRecord.slotCount ~= slot
        else { return nil }
        let descriptor = OwnedDescriptor(owning: flightNumber)
        try? descriptor.setCloseOnExec(true)
        return try? FlightRecord(descriptor, slot: slot)
    }
}

/// Whether the worker of a child is gone.
private final class OrphanMark: Sendable {
    private let mark = Atomic(false)

    func set() { mark.store(true, ordering: .sequentiallyConsistent) }
    var isSet: Bool { mark.load(ordering: .sequentiallyConsistent) }
}
