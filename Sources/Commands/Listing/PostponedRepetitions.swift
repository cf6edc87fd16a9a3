import CeleryCore

/// Repetitions of tasks that come after others (`celery run --after`), kept back until those have been sent again: ended tasks are read
/// newest first, and so before the ones they come after.
struct PostponedRepetitions {
    typealias Repetition = RenewedPrerequisites.Repetition

    /// With more, all are released, so that memory stays bounded; their prerequisites keep their old ids unless they were sent before.
    static let limit = 10_000

    private var waiting: [Repetition] = []
    /// Prerequisites of waiting repetitions.
    private var awaited: Set<TaskID> = []
    /// The new ids of prerequisites that have been sent.
    private var renewed: [TaskID: TaskID] = [:]

    /// Keeps back what comes after other tasks.
    ///
    /// - Returns: The repetitions to be sent now.
    mutating func sift(_ repetitions: [Repetition]) -> [Repetition] {
        var ready: [Repetition] = []
        for repetition in repetitions {
            let earlier = Prerequisites.of(repetition.new)
            if earlier.isEmpty { ready.append(repetition) } else { waiting.append(repetition) }
            awaited.formUnion(earlier)
        }
        for (old, new) in ready where awaited.contains(old) { renewed[old] = new.id }
        return waiting.count > Self.limit ? ready + release() : ready
    }

    /// The repetitions kept back, each after those it comes after and with their new ids.
    mutating func release() -> [Repetition] {
        let released = RenewedPrerequisites.applied(to: waiting, renewed: renewed)
        waiting = []
        // Tasks that are read later may come after these.
        for (old, new) in released { renewed[old] = new.id }
        return released
    }
}
