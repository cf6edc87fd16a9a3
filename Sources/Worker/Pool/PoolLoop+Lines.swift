import Glibc
import Processes

// Who gets which job, and when it is taken back or killed.
extension PoolLoop {
    /// A task that runs longer than this holds up the line behind it.
    private static let slow: Duration = .milliseconds(20)
    /// No line is longer: what more there is waits in the worker.
    static let longestLine = 256

    /// Hands waiting jobs to the children with the shortest lines.
    func assign() {
        while !unassigned.isEmpty, let number = shortestOpenLine() {
            let isFree = children[number]!.line.isEmpty
            children[number]!.give(unassigned.removeFirst())
            if isFree { noteHead(number) }
        }
    }

    /// The first of a child's line is what it runs.
    func noteHead(_ number: Int) {
        guard let child = children[number], let head = child.line.first else { return }
        events.append(.began(tag: head.tag, pid: child.process.id))
    }

    /// By itself, so that no copy of a child lives while its line is changed.
    private func shortestOpenLine() -> Int? {
        var best: (number: Int, count: Int)?
        for (number, child) in children {
            guard child.isReady, !child.isFinishing, !child.isRecalled, child.line.count < Self.longestLine,
                hasTasksLeft(child), !isSlow(child)
            else { continue }
            if best.map({ (child.line.count, number) < ($0.count, $0.number) }) ?? true { best = (number, child.line.count) }
        }
        return best?.number
    }

    private func isSlow(_ child: PoolChild) -> Bool {
        !child.line.isEmpty && ContinuousClock.now - child.headStarted > Self.slow
    }

    private func hasTasksLeft(_ child: PoolChild) -> Bool {
        configuration.maxTasksPerChild == 0 || child.jobsGiven < configuration.maxTasksPerChild
    }

    /// Takes jobs back from behind slow ones.
    func rebalance() {
        for (number, child) in children where child.line.count > 1 && !child.isRecalled && isSlow(child) {
            recall(number)
        }
        // Every child is busy with something slow: what waits may run elsewhere.
        if !unassigned.isEmpty, children.values.allSatisfy({ !$0.isReady || $0.isFinishing || isSlow($0) }),
            children.values.contains(where: \.isReady)
        {
            returnUnassigned()
        }
    }

    func recall(_ number: Int) {
        guard children[number]?.isRecalled == false else { return }
        children[number]!.isRecalled = true
        children[number]!.channel.enqueue(Frame.recall.encoded())
    }

    /// Kills children whose job is past its hard limit.
    func killOverdue() {
        let now = ContinuousClock.now
        for (number, child) in children {
            guard let time = child.killTime, time <= now else { continue }
            children[number]!.killedAtLimit = child.line.first!.hardTimeLimit
            try? child.process.signal(SIGKILL)
        }
    }

    /// When something must be done though nothing happens.
    var nextDeadline: ContinuousClock.Instant? {
        var deadline: ContinuousClock.Instant?
        func consider(_ instant: ContinuousClock.Instant) { deadline = min(deadline ?? instant, instant) }
        if let nextFill { consider(nextFill) }
        if let nextMemoryLook { consider(nextMemoryLook) }
        for child in children.values {
            if let time = child.killTime { consider(time) }
            let holdsUpOthers = child.line.count > 1 && !child.isRecalled
            if holdsUpOthers || (!unassigned.isEmpty && !child.line.isEmpty) {
                consider(max(child.headStarted + Self.slow, .now + .milliseconds(1)))
            }
        }
        return deadline
    }

    /// Sends what is to be sent; what a socket does not take now waits for room.
    func flush() {
        for number in children.keys {
            let wanted = children[number]!.channel.wantsToWrite
            guard wanted else { continue }
            if !children[number]!.channel.flush() { continue }
            let child = children[number]!
            let interest: Poller.Interest = child.channel.wantsToWrite ? [.readable, .writable] : .readable
            try? poller.change(child.channel.descriptor, interest, token: child.socketToken)
        }
    }
}
