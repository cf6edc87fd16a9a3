import CeleryCore
import DequeModule
import Glibc
import Processes

/// The loop of the pool's thread, which does all work on children.
final class PoolLoop {
    let configuration: PoolConfiguration
    let poller: Poller
    let environment: Environment
    private let flight: OwnedDescriptor?
    private let waker: Waker
    private let mailbox: Mailbox<PoolEvent>
    private let takeCommands: () -> [PoolCommand]

    var children: [Int: PoolChild] = [:]
    /// Jobs not yet assigned to a child.
    var unassigned: Deque<JobRequest> = []
    /// Jobs that the worker recalled and that have not been returned yet.
    var wantedBack: Set<Int64> = []
    /// Events to report at the end of this round.
    var events: [PoolEvent] = []
    /// The wanted number of children.
    var size: Int
    var isFinishing = false
    /// No more jobs are started: jobs that have not begun are returned.
    private var isDraining = false
    /// Whether children started or exited since the last report of `staffed`.
    private var hasStaffChanged = false
    private var nextNumber = 1
    private var starts = ChildStarts()
    /// When to retry starting the missing children.
    private(set) var nextFill: ContinuousClock.Instant?

    /// Number of processes that the kernel had killed for lack of memory at the last check.
    var memoryKills = OutOfMemoryCount.own.read()

    private static let wakerToken: UInt64 = 0

    init(
        configuration: PoolConfiguration, poller: Poller, waker: Waker, events mailbox: Mailbox<PoolEvent>,
        takeCommands: @escaping () -> [PoolCommand]
    ) {
        self.configuration = configuration
        self.poller = poller
        self.waker = waker
        self.mailbox = mailbox
        self.takeCommands = takeCommands
        size = configuration.size
        // The flight record is optional: without it, the death of the whole worker cannot be attributed to a task.
        flight = configuration.flightRecord.flatMap { try? FlightRecord.open($0) }
        // systemd accepts notifications only from the worker itself.
        var environment = SystemdNotifier.stripped(.current())
        for (name, value) in configuration.environment { environment[name] = value }
        self.environment = environment
    }

    /// Serves the children until all have exited after `finish`, `kill` or a failure.
    func run() {
        do {
            try poller.add(waker.descriptor, .readable, token: Self.wakerToken)
            fill()
            while !(isFinishing && children.isEmpty) {
                let ready = try poller.wait(timeout: nextDeadline.map { max(.zero, $0 - .now) })
                for event in ready where event.token != Self.wakerToken { serve(event) }
                if ready.contains(where: { $0.token == Self.wakerToken }) {
                    for command in takeCommands() { execute(command) }
                }
                if let time = nextFill, time <= .now { fill() }
                killOverdue()
                killOvergrown()
                killDisobedient()
                rebalance()
                assign()
                flush()
                reportStaff()
                mailbox.put(events)
                events = []
            }
        } catch {
            events.append(.failed(error.description))
        }
        mailbox.put(events)
    }

    /// Reports the current children if they have changed.
    private func reportStaff() {
        guard hasStaffChanged else { return }
        hasStaffChanged = false
        events.append(.staffed(children.values.sorted { $0.number < $1.number }.map(\.process.id)))
    }

    private func execute(_ command: PoolCommand) {
        switch command {
        case .submit(let jobs):
            unassigned.append(contentsOf: jobs)
            if isDraining || isFinishing { returnUnassigned() }
        case .grow(let count):
            size = max(1, size + count)
            retireSurplus()
            fill()
        case .replaceAll:
            for number in children.keys { retire(number) }
            fill()
        case .recall(let tags): recall(tags)
        case .terminate(let tag, let signal): terminate(tag, signal: signal)
        case .drain:
            isDraining = true
            returnUnassigned()
            for number in children.keys where children[number]!.line.count > 1 { recall(number) }
        case .finish:
            isFinishing = true
            for number in children.keys { retire(number) }
        case .kill:
            isFinishing = true
            isDraining = true
            returnUnassigned()
            for child in children.values { try? child.process.signal(SIGKILL) }
        }
    }

    /// Starts children until their number is `size`.
    ///
    /// If a child cannot be started, a pool that has worked continues with the existing children and retries after a
    /// second; a new pool fails. If children die before they are ready, see `ChildStarts`.
    func fill() {
        nextFill = nil
        while !isFinishing, children.values.count(where: { !$0.isFinishing }) < size {
            do {
                let child = try PoolChild.start(
                    nextNumber, slot: freeSlot, configuration, environment: environment, flight: flight)
                do throws(SystemError) {
                    try poller.add(child.channel.descriptor, .readable, token: child.socketToken)
                    try poller.add(child.pidfd, .readable, token: child.exitToken)
                } catch {
                    try? child.process.signal(SIGKILL)
                    _ = try? child.process.wait()
                    throw error
                }
                children[nextNumber] = child
                hasStaffChanged = true
                nextNumber += 1
            } catch {
                guard starts.hasWorked else { return fail("cannot start a pool child: \(error)") }
                events.append(.short("cannot start a pool child: \(error); \(children.count) of \(size) children are running"))
                nextFill = .now + .seconds(1)
                return
            }
        }
    }

    /// The first unused slot of the flight record.
    private var freeSlot: Int {
        let taken = Set(children.values.map(\.slot))
        return (0...children.count).first { !taken.contains($0) } ?? children.count
    }

    /// Ends the pool. No child is ready, so none has a job; the calls of HTTP tasks end with the pool.
    private func fail(_ reason: String) {
        events.append(.failed(reason))
        isFinishing = true
        for number in children.keys { retire(number) }
        returnUnassigned()
    }

    /// Lets a child exit after its current jobs.
    func retire(_ number: Int) {
        guard children[number]?.isFinishing == false else { return }
        children[number]!.isFinishing = true
        children[number]!.channel.enqueue(Frame.finish.encoded())
    }

    private func retireSurplus() {
        let active = children.values.filter { !$0.isFinishing }.sorted { $0.line.count < $1.line.count }
        for child in active.prefix(max(0, active.count - size)) { retire(child.number) }
    }

    private func serve(_ event: Poller.Event) {
        let number = Int(event.token / 2)
        guard children[number] != nil else { return }
        var frames: [Frame] = []
        let isOpen = children[number]!.channel.receive { frames.append($0) }
        for frame in frames { handle(frame, from: number) }
        if !isOpen || event.token % 2 == 1 { reap(number) }
    }

    private func handle(_ frame: Frame, from number: Int) {
        switch frame {
        case .ready:
            children[number]!.isReady = true
            starts.wasReady()
            events.append(.ready(children.values.count(where: \.isReady)))
        case .report(let report):
            guard children[number]!.remove(report.tag) != nil else { return }
            noteMemoryKill(report)
            forgetEnding(report.tag, of: number)
            events.append(.report(report))
            noteHead(number)
            recycleIfNeeded(number)
        case .returned(let tags):
            children[number]!.isRecalled = false
            // Returned jobs go back to the front of the queue, in their order.
            let wanted = separateWanted(tags)
            for tag in tags.reversed() {
                guard let job = children[number]!.remove(tag) else { continue }
                if !wanted.contains(tag) { unassigned.prepend(job) }
            }
            for tag in wanted { forgetEnding(tag, of: number) }
            if !wanted.isEmpty { events.append(.recalled(tags.filter { wanted.contains($0) })) }
            if isDraining { returnUnassigned() }
        case .outdated(let tag):
            guard children[number]!.remove(tag) != nil else { return }
            forgetEnding(tag, of: number)
            events.append(.recalled([tag]))
            noteHead(number)
            recycleIfNeeded(number)
        case .log(let line):
            events.append(.log(line))
        case .news(let tag, let info):
            events.append(.news(tag: tag, info))
        case .output(let tag, let content):
            events.append(.output(tag: tag, content))
        case .job, .recall, .finish, .terminate:
            // A child never sends these frames.
            try? children[number]!.process.signal(SIGKILL)
        }
    }

    private func recycleIfNeeded(_ number: Int) {
        let child = children[number]!
        guard !child.isFinishing else { return }
        let tasks = configuration.maxTasksPerChild
        let memory = configuration.maxMemoryPerChild
        if (tasks > 0 && child.jobsGiven >= tasks) || (memory > 0 && child.residentKilobytes > memory) {
            retire(number)
            fill()
        }
    }

    func returnUnassigned() {
        guard !unassigned.isEmpty else { return }
        events.append(.returned(unassigned.map(\.tag)))
        unassigned = []
    }

    /// Removes a child that has died or closed its socket: reports its jobs and starts a replacement.
    private func reap(_ number: Int) {
        guard let child = children.removeValue(forKey: number) else { return }
        hasStaffChanged = true
        try? poller.remove(child.channel.descriptor)
        try? poller.remove(child.pidfd)
        // A closed socket does not imply that the process has ended.
        try? child.process.signal(SIGKILL)
        let termination = try? child.process.wait()
        let (cause, words) = self.cause(of: termination)
        // The dead child's own processes have been reparented to this process by now; those of other children have not.
        if Descendants.isSubreaper { _ = Descendants.reap(sparing: Set(children.values.map(\.process.id))) }

        var line = child.line
        let reason = "pool child \(child.process.id) died of \(child.killedAtMemory == nil ? words : "too much memory")"
        if let head = line.popFirst() {
            wantedBack.remove(head.tag)
            if let report = child.report(endingOf: head) {
                events.append(.report(report))
            } else if let peak = child.killedAtMemory {
                events.append(.outgrew(tag: head.tag, limit: head.memoryLimit ?? 0, peak: peak))
            } else if let limit = child.killedAtLimit {
                events.append(.timedOut(tag: head.tag, seconds: limit))
            } else {
                events.append(.lost(tag: head.tag, reason: reason, cause: cause))
            }
        }
        let wanted = separateWanted(line.map(\.tag))
        if !wanted.isEmpty { events.append(.recalled(line.map(\.tag).filter { wanted.contains($0) })) }
        unassigned = line.filter { !wanted.contains($0.tag) } + unassigned
        if isDraining || isFinishing { returnUnassigned() }
        if isFinishing { return }
        guard child.isReady else {
            switch starts.diedEarly(hasOthers: children.values.contains(where: \.isReady)) {
            case .startNow: fill()
            case .startLater:
                events.append(.short("\(reason) before it was ready; \(children.count) of \(size) children are running"))
                if nextFill == nil { nextFill = .now + starts.pause() }
            case .fail: fail("pool children die before they are ready; last: \(reason)")
            }
            return
        }
        fill()
        if !child.isFinishing { events.append(.replaced(reason)) }
    }
}
