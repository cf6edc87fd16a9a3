import CeleryCore
import Glibc
import Processes

// How much memory children may hold.
//
// A program's memory is bounded by the child that runs it. A Swift task is part of its child, so the child's memory
// is what counts, and it is the child that is killed.
extension PoolLoop {
    /// Time between two looks at children that run a Swift task with a limit.
    private static let interval: Duration = .milliseconds(20)

    private func isLimited(_ child: PoolChild) -> Bool {
        guard let head = child.line.first else { return false }
        return head.program == nil && head.memoryLimit != nil && child.killedAtMemory == nil && child.killedAtLimit == nil
    }

    /// When to look; `nil` when no such task runs.
    var nextMemoryLook: ContinuousClock.Instant? {
        children.values.contains(where: isLimited) ? .now + Self.interval : nil
    }

    /// Kills children that hold more than the Swift task they run may have.
    func killOvergrown() {
        for (number, child) in children where isLimited(child) {
            let bytes = MemoryUse.bytes(of: child.process.id)
            guard bytes > child.line.first!.memoryLimit! else { continue }
            children[number]!.killedAtMemory = bytes
            try? child.process.signal(SIGKILL)
        }
    }

    /// A program was killed by the kernel for want of memory: the count has grown by that, and not by a child.
    func noteMemoryKill(_ report: JobReport) {
        let failure: TaskFailure
        switch report.ending {
        case .success: return
        case .failure(let reason, _), .retry(_, let reason, _): failure = reason
        }
        if failure.isForMemory { memoryKills = OutOfMemoryCount.own.read() }
    }

    /// What a child died of, in words.
    func cause(of termination: Termination?) -> String {
        guard let termination else { return "unknown causes" }
        if case .signaled(SIGKILL, _) = termination.status {
            let kills = OutOfMemoryCount.own.read()
            defer { memoryKills = kills }
            if kills > memoryKills { return "\(termination.status): the kernel was out of memory" }
        }
        return termination.status.description
    }
}
