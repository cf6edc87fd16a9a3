import CeleryCore
import Glibc
import Processes

// Recalls and terminates single jobs.
extension PoolLoop {
    /// How long a Swift task may continue after it was told to end, before its child is killed.
    private static let grace: Duration = .seconds(10)
    /// The same for a program. Longer, since the child itself kills the program first.
    private static let programGrace: Duration = .seconds(15)

    /// Recalls jobs that have not begun. Running jobs continue.
    func recall(_ tags: Set<Int64>) {
        let waiting = unassigned.filter { tags.contains($0.tag) }.map(\.tag)
        if !waiting.isEmpty {
            unassigned.removeAll { tags.contains($0.tag) }
            events.append(.recalled(waiting))
        }
        for number in children.keys {
            let assigned = children[number]!.line.lazy.map(\.tag).filter { tags.contains($0) }
            guard !assigned.isEmpty else { continue }
            wantedBack.formUnion(assigned)
            recall(number)
        }
    }

    /// Terminates the job if it is running; else recalls it.
    func terminate(_ tag: Int64, signal: Int32) {
        if let number = children.first(where: { $0.value.line.contains { $0.tag == tag } })?.key {
            guard children[number]!.endings[tag] == nil else { return }
            let isProgram = children[number]!.line.first { $0.tag == tag }?.isProgram ?? false
            children[number]!.endings[tag] = PoolChild.Ending(signal: signal, deadline: .now + (isProgram ? Self.programGrace : Self.grace))
            // Saves the jobs queued behind this one; also recalls this job if it has not begun.
            recall([tag])
            children[number]!.channel.enqueue(Frame.terminate(tag, signal: signal).encoded())
        } else {
            recall([tag])
        }
    }

    /// Selects, from returned jobs, those that the worker asked for. The other jobs may be assigned to another child.
    func separateWanted(_ tags: [Int64]) -> Set<Int64> {
        let wanted = wantedBack.intersection(tags)
        wantedBack.subtract(wanted)
        return wanted
    }

    /// Notes that a job has ended or was returned.
    func forgetEnding(_ tag: Int64, of number: Int) {
        wantedBack.remove(tag)
        children[number]?.endings[tag] = nil
    }

    /// Kills children that are still running a job past the deadline of its termination.
    func killDisobedient() {
        let now = ContinuousClock.now
        for (number, child) in children {
            guard let tag = child.line.first?.tag, let deadline = child.endings[tag]?.deadline, deadline <= now else { continue }
            children[number]!.endings[tag]!.deadline = nil
            try? child.process.signal(SIGKILL)
        }
    }
}

extension PoolChild {
    /// The termination of a job.
    struct Ending {
        var signal: Int32
        /// When the child is killed; `nil` once this has happened.
        var deadline: ContinuousClock.Instant?
    }

    /// The report for a job whose child died while that job was being terminated; `nil` for other jobs.
    func report(endingOf job: JobRequest) -> JobReport? {
        guard let ending = endings[job.tag] else { return nil }
        return JobReport(
            tag: job.tag, ending: .revoked(.revoked("terminated"), signal: ending.signal),
            duration: (ContinuousClock.now - headStarted).inSeconds)
    }
}
