import Glibc
import Processes

// Assigns jobs to children, recalls jobs behind slow ones, and kills children whose jobs exceed their limits.
extension PoolLoop {
    /// A task that runs longer than this delays the jobs queued behind it.
    private static let slow: Duration = .milliseconds(20)
    /// Maximum number of jobs assigned to one child. Other jobs wait in `unassigned`.
    static let longestLine = 256

    /// Assigns waiting jobs to the children with the fewest jobs.
    func assign() {
        while !unassigned.isEmpty, let number = leastBusyChild() {
            let isFree = children[number]!.line.isEmpty
            children[number]!.give(unassigned.removeFirst())
            if isFree { noteHead(number) }
        }
    }

    /// Reports that the first job of a child has begun.
    func noteHead(_ number: Int) {
        guard let child = children[number], let head = child.line.first else { return }
        events.append(.began(tag: head.tag, pid: child.process.id))
    }

    /// The number of the child with the fewest jobs among those that accept more.
    ///
    /// A separate method, so that no copy of a child exists while its queue is changed: that would copy the queue.
    private func leastBusyChild() -> Int? {
        var best: (number: Int, count: Int)?
        for (number, child) in children {
            guard child.isReady, !child.isFinishing, !child.isRecalled, child.endings.isEmpty, child.line.count < Self.longestLine,
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

    /// Recalls jobs that wait behind slow ones.
    func rebalance() {
        for (number, child) in children where child.line.count > 1 && !child.isRecalled && isSlow(child) {
            recall(number)
        }
        // Every child runs a slow job: the waiting jobs may run on another worker.
        if !unassigned.isEmpty, children.values.allSatisfy({ !$0.isReady || $0.isFinishing || isSlow($0) }),
            children.values.contains(where: \.isReady)
        {
            returnUnassigned()
        }
    }

    /// Asks a child to return the jobs that have not begun.
    func recall(_ number: Int) {
        guard children[number]?.isRecalled == false else { return }
        children[number]!.isRecalled = true
        children[number]!.channel.enqueue(Frame.recall.encoded())
    }

    /// Kills children whose job has exceeded its hard time limit.
    func killOverdue() {
        let now = ContinuousClock.now
        for (number, child) in children {
            guard let time = child.killTime, time <= now else { continue }
            children[number]!.killedAtLimit = child.line.first!.hardTimeLimit
            try? child.process.signal(SIGKILL)
        }
    }

    /// When the loop must act without an event.
    var nextDeadline: ContinuousClock.Instant? {
        var deadline: ContinuousClock.Instant?
        func consider(_ instant: ContinuousClock.Instant) { deadline = min(deadline ?? instant, instant) }
        if let nextFill { consider(nextFill) }
        if let nextMemoryLook { consider(nextMemoryLook) }
        for child in children.values {
            if let time = child.killTime { consider(time) }
            if let head = child.line.first, let time = child.endings[head.tag]?.deadline { consider(time) }
            let delaysOthers = child.line.count > 1 && !child.isRecalled
            if delaysOthers || (!unassigned.isEmpty && !child.line.isEmpty) {
                consider(max(child.headStarted + Self.slow, .now + .milliseconds(1)))
            }
        }
        return deadline
    }

    /// Sends queued frames. Bytes that do not fit into a socket buffer are sent when the socket is writable again.
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
