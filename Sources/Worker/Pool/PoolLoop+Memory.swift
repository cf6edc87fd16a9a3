import CeleryCore
import Glibc
import Processes

// Enforces the memory limits of Swift tasks.
//
// A program's memory is limited by the child that runs the program. A Swift task runs inside its child, so the limit
// applies to the child's memory, and the child is killed.
extension PoolLoop {
    /// How often the memory of children with a limited Swift task is checked.
    private static let interval: Duration = .milliseconds(20)

    private func isLimited(_ child: PoolChild) -> Bool {
        guard let head = child.line.first else { return false }
        return !head.isProgram && head.memoryLimit != nil && child.killedAtMemory == nil && child.killedAtLimit == nil
    }

    /// When to check memory next; `nil` when no limited Swift task runs.
    var nextMemoryLook: ContinuousClock.Instant? {
        children.values.contains(where: isLimited) ? .now + Self.interval : nil
    }

    /// Kills children that exceed the memory limit of their running Swift task.
    func killOvergrown() {
        for (number, child) in children where isLimited(child) {
            let bytes = MemoryUse.bytes(of: child.process.id)
            guard bytes > child.line.first!.memoryLimit! else { continue }
            children[number]!.killedAtMemory = bytes
            try? child.process.signal(SIGKILL)
        }
    }

    /// Updates the count of out-of-memory kills after the kernel killed a program, so that the kill is not attributed to a child.
    func noteMemoryKill(_ report: JobReport) {
        let failure: TaskFailure
        switch report.ending {
        case .success, .revoked: return
        case .failure(let reason, _), .retry(_, let reason, _): failure = reason
        }
        if failure.isForMemory { memoryKills = OutOfMemoryCount.own.read() }
    }

    /// Why a child died, with a description.
    func cause(of termination: Termination?) -> (DeathReason, String) {
        guard let termination else { return (.lost, "unknown causes") }
        guard case .signaled(let signal, _) = termination.status else { return (.lost, termination.status.description) }
        if signal == SIGKILL {
            let kills = OutOfMemoryCount.own.read()
            defer { memoryKills = kills }
            if kills > memoryKills { return (.outOfMemory, "\(termination.status): the kernel was out of memory") }
        }
        return (.signal(Int(signal)), termination.status.description)
    }
}
