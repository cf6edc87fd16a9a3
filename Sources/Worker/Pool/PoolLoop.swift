import CeleryCore
import DequeModule
import Glibc
import Processes

/// The pool's thread: everything about children happens here, one thing after another.
final class PoolLoop {
    let configuration: PoolConfiguration
    let poller: Poller
    let environment: Environment
    private let flight: OwnedDescriptor?
    private let waker: Waker
    private let mailbox: Mailbox<PoolEvent>
    private let takeCommands: () -> [PoolCommand]

    var children: [Int: PoolChild] = [:]
    /// Jobs no child has room for yet.
    var unassigned: Deque<JobRequest> = []
    /// Jobs of children that are to come back to the worker if they are not begun.
    var wantedBack: Set<Int64> = []
    /// Told to the worker at the end of each round.
    var events: [PoolEvent] = []
    /// Children to keep.
    var size: Int
    var isFinishing = false
    /// Nothing more is begun: what is not under way goes back.
    private var isDraining = false
    /// A child has come or gone since that was told.
    private var hasNewStaff = false
    private var nextNumber = 1
    /// Children in a row that died before they were ready.
    private var failedStarts = 0
    /// A child has been ready once: the pool can work, and what fails later will pass.
    private var hasWorked = false
    /// When to try again to start the children that are missing.
    private(set) var nextFill: ContinuousClock.Instant?

    /// Processes that the kernel had killed for want of memory when we last looked.
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
        // Without it the pool works as well; a death of the whole worker is then laid to nobody in particular.
        flight = configuration.flightRecord.flatMap { try? FlightRecord.open($0) }
        // systemd listens to the worker alone.
        var environment = SystemdNotifier.stripped(.current())
        for (name, value) in configuration.environment { environment[name] = value }
        self.environment = environment
    }

    /// Serves the children until all are gone.
    func run() {
        do {
            try poller.add(waker.descriptor, .readable, token: Self.wakerToken)
            fill()
            while !(isFinishing && children.isEmpty) {
                let ready = try poller.wait(timeout: nextDeadline.map { max(.zero, $0 - .now) })
                for event in ready where event.token != Self.wakerToken { serve(event) }
                if ready.contains(where: { $0.token == Self.wakerToken }) {
                    waker.clear()
                    for command in takeCommands() { obey(command) }
                }
                if let time = nextFill, time <= .now { fill() }
                killOverdue()
                killOvergrown()
                killDisobedient()
                rebalance()
                assign()
                flush()
                noteStaff()
                mailbox.put(events)
                events = []
            }
        } catch {
            events.append(.failed(error.description))
        }
        mailbox.put(events + [.ended])
    }

    /// Tells which children there are, when others were there before.
    private func noteStaff() {
        guard hasNewStaff else { return }
        hasNewStaff = false
        events.append(.staffed(children.values.sorted { $0.number < $1.number }.map(\.process.id)))
    }

    private func obey(_ command: PoolCommand) {
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

    /// Starts children until there are enough.
    ///
    /// When one cannot be started, a pool that has worked goes on with those it has and tries
    /// again in a second; one that is only beginning fails.
    func fill() {
        nextFill = nil
        while !isFinishing, children.values.count(where: { !$0.isFinishing }) < size {
            do {
                let child = try PoolChild.start(
                    nextNumber, slot: freeSlot, configuration, environment: environment, flight: flight)
                try poller.add(child.channel.descriptor, .readable, token: child.socketToken)
                try poller.add(child.pidfd, .readable, token: child.exitToken)
                children[nextNumber] = child
                hasNewStaff = true
                nextNumber += 1
            } catch {
                guard hasWorked else { return fail("cannot start a pool child: \(error)") }
                events.append(.short("cannot start a pool child: \(error); \(children.count) of \(size) work"))
                nextFill = .now + .seconds(1)
                return
            }
        }
    }

    /// The first slot of the flight record that no child has.
    private var freeSlot: Int {
        let taken = Set(children.values.map(\.slot))
        return (0...children.count).first { !taken.contains($0) } ?? children.count
    }

    /// Gives up: the children finish what they have and exit.
    private func fail(_ reason: String) {
        events.append(.failed(reason))
        isFinishing = true
        for number in children.keys { retire(number) }
        returnUnassigned()
    }

    /// Lets a child exit after the jobs it has.
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
            failedStarts = 0
            hasWorked = true
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
            // Back to the front, in their order.
            let wanted = separateWanted(tags)
            for tag in tags.reversed() {
                guard let job = children[number]!.remove(tag) else { continue }
                if !wanted.contains(tag) { unassigned.prepend(job) }
            }
            for tag in wanted { forgetEnding(tag, of: number) }
            if !wanted.isEmpty { events.append(.recalled(tags.filter { wanted.contains($0) })) }
            if isDraining { returnUnassigned() }
        case .log(let line):
            events.append(.log(line))
        case .job, .recall, .finish, .terminate:
            // A child never says these.
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

    /// A child is gone: settles its account and puts another in its place.
    private func reap(_ number: Int) {
        guard let child = children.removeValue(forKey: number) else { return }
        hasNewStaff = true
        try? poller.remove(child.channel.descriptor)
        try? poller.remove(child.pidfd)
        // Its socket may have closed before it died, or because it went mad.
        try? child.process.signal(SIGKILL)
        let termination = try? child.process.wait()
        let (cause, words) = self.cause(of: termination)
        // What the child had started comes to us only then; else it would be others' children that are killed.
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
            failedStarts += 1
            if failedStarts >= 5 {
                return fail("pool children die before they are ready: the last, \(reason)")
            }
            return fill()
        }
        fill()
        if !child.isFinishing { events.append(.replaced(reason)) }
    }
}
