import CeleryCore
import Tasks

/// Follows the task files while the worker works, so that changes are noticed and announced promptly.
///
/// Messages do not depend on it: `FileWait` looks for itself.
final class TaskFollower {
    private let parts: ShiftParts
    private let gate: LimitGate
    /// Whether the broker knows the current tasks and rates.
    private var isAnnounced = true

    /// How often to look without having heard of a change: links above a folder, permissions of the folders above, and files on
    /// network file systems change unheard.
    private static let interval: Duration = .seconds(10)
    /// How often to look when the kernel allows no more watches.
    static let intervalUnwatched: Duration = .seconds(2)
    /// The least time between two looks, however much happens.
    private static let pause: Duration = .milliseconds(50)

    init(_ parts: ShiftParts, _ gate: LimitGate) {
        self.parts = parts
        self.gate = gate
    }

    /// Runs until it is cancelled.
    nonisolated(nonsending) func run() async {
        let book = parts.registry
        guard book.files != nil else { return }
        var watch = FolderWatch(book.bell, add: parts.configuration.watchFolder)
        var wasComplete = true
        while !Task.isCancelled {
            let seen = book.bell.count
            // Watch before looking: no change in between goes unnoticed.
            var isComplete = watch.follow(book.files?.watched ?? [])
            book.look(now: parts.now())
            while let wanted = book.files?.watched, wanted != watch.paths, !Task.isCancelled {
                isComplete = watch.follow(wanted)
                book.look(now: parts.now())
            }
            if wasComplete, !isComplete { parts.log.cannotWatch(every: Self.intervalUnwatched) }
            wasComplete = isComplete
            await takeNews()
            if gate.waitsForFiles {
                parts.wait.end()
                parts.room.ring()
            }
            try? await Task.sleep(for: Self.pause)
            let interval = isComplete ? Self.interval : Self.intervalUnwatched
            let next = book.files?.nextLook.map { min(interval, max(.zero, $0 - parts.now())) }
            await book.bell.wait(since: seen, until: .now + (next ?? interval))
        }
    }

    /// Tells the waiting deliveries and the broker what has changed.
    private nonisolated(nonsending) func takeNews() async {
        let changed = parts.registry.takeNews()
        if !changed.isEmpty {
            gate.noteChange(of: changed)
            isAnnounced = false
        }
        guard !isAnnounced else { return }
        do {
            try await parts.powers.leases?.announce(tasks: parts.registry.tasks.names)
            try await gate.announceRates()
            isAnnounced = true
        } catch {
            // The next look tries again.
            if !Task.isCancelled, !parts.ladder.note(ifFatal: error) { parts.log.brokerTrouble("cannot announce the changed tasks", error) }
        }
    }
}
