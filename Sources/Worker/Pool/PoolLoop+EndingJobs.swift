import CeleryCore
import Glibc
import Processes

// Taking single jobs back, and ending those under way.
extension PoolLoop {
    /// How long a job may go on after it was told to end, before its child is killed. A child that runs a program kills
    /// that before.
    private static let grace: Duration = .seconds(10)
    private static let programGrace: Duration = .seconds(15)

    /// Takes jobs back that are not begun. Those under way go on.
    func recall(_ tags: Set<Int64>) {
        let waiting = unassigned.filter { tags.contains($0.tag) }.map(\.tag)
        if !waiting.isEmpty {
            unassigned.removeAll { tags.contains($0.tag) }
            events.append(.recalled(waiting))
        }
        for number in children.keys {
            let there = children[number]!.line.lazy.map(\.tag).filter { tags.contains($0) }
            guard !there.isEmpty else { continue }
            wantedBack.formUnion(there)
            recall(number)
        }
    }

    /// Ends the attempt under this tag if it is under way, else takes the job back.
    func terminate(_ tag: Int64, signal: Int32) {
        if let number = children.first(where: { $0.value.line.contains { $0.tag == tag } })?.key {
            guard children[number]!.ending?.tag != tag else { return }
            let isProgram = children[number]!.line.first { $0.tag == tag }?.program != nil
            children[number]!.ending = PoolChild.Ending(
                tag: tag, signal: signal, deadline: .now + (isProgram ? Self.programGrace : Self.grace))
            // What stands behind it must not go with it; and if it is not begun itself, this takes it back.
            recall([tag])
            children[number]!.channel.enqueue(Frame.terminate(tag, signal: signal).encoded())
        } else {
            recall([tag])
        }
    }

    /// Keeps those of the jobs that came back that are wanted; the others may run elsewhere.
    func separateWanted(_ tags: [Int64]) -> Set<Int64> {
        let wanted = wantedBack.intersection(tags)
        wantedBack.subtract(wanted)
        return wanted
    }

    /// A job has ended, or came back: nobody need wait for it.
    func forgetEnding(_ tag: Int64, of number: Int) {
        wantedBack.remove(tag)
        if children[number]?.ending?.tag == tag { children[number]!.ending = nil }
    }

    /// Kills children whose job was told to end and has not, as long as it is what they are on.
    func killDisobedient() {
        let now = ContinuousClock.now
        for (number, child) in children {
            guard let ending = child.ending, let deadline = ending.deadline, deadline <= now else { continue }
            children[number]!.ending!.deadline = nil
            if child.line.first?.tag == ending.tag { try? child.process.signal(SIGKILL) }
        }
    }
}

extension PoolChild {
    /// The job it was told to end.
    struct Ending {
        var tag: Int64
        var signal: Int32
        /// When it is killed; `nil` once it was.
        var deadline: ContinuousClock.Instant?
    }

    /// What is told of its job, when it died because that was to end.
    func report(endingOf job: JobRequest) -> JobReport? {
        guard let ending, ending.tag == job.tag else { return nil }
        return JobReport(
            tag: job.tag, ending: .revoked(.revoked("terminated"), signal: ending.signal),
            duration: (ContinuousClock.now - headStarted).inSeconds)
    }
}
