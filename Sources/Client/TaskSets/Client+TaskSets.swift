package import CeleryCore

extension Client {
    /// The result store as a store of task-sets.
    ///
    /// - Throws: `DriverError`, `unsupported` where it keeps none.
    package var taskSets: any TaskSetKeeping {
        get throws {
            let store = try self.store
            guard let keeping = store as? any TaskSetKeeping else { throw DriverError.lacks("keep task-sets", store.location) }
            return keeping
        }
    }

    /// Keeps a set where the result store can; elsewhere only the process that submitted it knows it.
    ///
    /// - Throws: `DriverError`; `refused` for more members than the store can keep.
    package func keep(_ set: TaskSetRecord) async throws {
        try await (store as? any TaskSetKeeping)?.keep(set)
    }

    package func forgetTaskSet(_ id: String) async throws {
        _ = try await (store as? any TaskSetKeeping)?.forgetTaskSets([id])
    }

    /// How many members of a set are in each state; those without a result are PENDING.
    package func counts(of set: TaskSetRecord) async throws -> [TaskState: Int] {
        if let kept = try await (store as? any TaskSetKeeping)?.taskSet(set.id), let counts = kept.counts {
            return Self.completed(counts, total: kept.total ?? set.total ?? 0)
        }
        let total = set.total ?? set.members?.count ?? 0
        var counts: [TaskState: Int] = [:]
        for numbers in set.pieces(total) {
            for result in try await store.results(for: set.ids(numbers)).values { counts[result.state, default: 0] += 1 }
        }
        return Self.completed(counts, total: total)
    }

    private static func completed(_ counts: [TaskState: Int], total: Int) -> [TaskState: Int] {
        var counts = counts
        let rest = total - counts.values.reduce(0, +)
        if rest > 0 { counts[.pending, default: 0] += rest }
        return counts
    }
}

extension TaskSetRecord {
    /// Ranges of numbers to look at in turn.
    package func pieces(_ total: Int) -> [ClosedRange<Int>] {
        stride(from: 1, through: total, by: 1_000).map { $0...min($0 + 999, total) }
    }
}
