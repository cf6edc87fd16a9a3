package import CeleryCore
import Synchronization

extension MemoryResultStore: TaskSetKeeping {
    package var taskSetLimit: Int? { nil }

    package func keep(_ set: TaskSetRecord) async throws {
        sets.withLock { sets in
            if sets[set.id] == nil { sets[set.id] = set } else { sets[set.id]?.total = set.total }
        }
    }

    package func taskSet(_ id: String) async throws -> TaskSetRecord? { sets.withLock { $0[id] } }

    package func taskSets(limit: Int) async throws -> [TaskSetRecord] {
        sets.withLock { Array($0.values.sorted { $0.created > $1.created }.prefix(limit)) }
    }

    package func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool {
        sets.withLock { sets in
            guard let number = sets[set]?.number(of: old) else { return false }
            sets[set]?.replaced[number] = new
            return true
        }
    }

    package func forgetTaskSets(_ ids: [String]) async throws -> Int {
        sets.withLock { sets in ids.count { sets.removeValue(forKey: $0) != nil } }
    }
}
