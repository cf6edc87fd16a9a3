/// Keeping task-sets: their size and members, apart from the results of the members.
public protocol TaskSetKeeping: ResultStore {
    /// The greatest number of members of a set in this store; `nil` for any number.
    var taskSetLimit: Int? { get }

    /// Creates a set, or changes its total.
    ///
    /// - Throws: `DriverError`; `refused` for more members than `taskSetLimit`.
    func keep(_ set: TaskSetRecord) async throws

    /// The set with an id; `nil` if it is not kept.
    func taskSet(_ id: String) async throws -> TaskSetRecord?

    /// The sets that are kept, newest first.
    func taskSets(limit: Int) async throws -> [TaskSetRecord]

    /// Puts a task in the place of a member, which no longer counts.
    ///
    /// - Returns: `false` if the old task is no member of the set.
    func replace(_ old: TaskID, by new: TaskID, in set: String) async throws -> Bool

    /// Forgets sets, but not the results of their members. Returns their number.
    func forgetTaskSets(_ ids: [String]) async throws -> Int
}

/// A task-set as it is kept.
public struct TaskSetRecord: Sendable, Equatable {
    public var id: String
    /// The number of members; `nil` while more are being submitted.
    public var total: Int?
    public var created: Timestamp
    /// The members in order; `nil` if they are numbered (see `SetNumbering`), but for `replaced`.
    public var members: [TaskID]?
    /// Members that took the place of others, by number from 1.
    public var replaced: [Int: TaskID] = [:]
    /// How many members have a result in each state; `nil` if the store does not count.
    public var counts: [TaskState: Int]?

    public init(id: String, total: Int?, created: Timestamp, members: [TaskID]? = nil) {
        (self.id, self.total, self.created, self.members) = (id, total, created, members)
    }
}

extension TaskSetRecord {
    /// The id of a member.
    ///
    /// - Parameter number: From 1 to `total`.
    public func member(_ number: Int) -> TaskID {
        if let id = replaced[number] { return id }
        if let members { return members[number - 1] }
        // A set that is kept without members is numbered.
        return SetNumbering(id: id)?.member(number) ?? TaskID("\(id)-\(number)")
    }

    /// The number of a member; `nil` for another task.
    public func number(of id: TaskID) -> Int? {
        if let number = replaced.first(where: { $0.value == id })?.key { return number }
        if let members { return members.firstIndex(of: id).map { $0 + 1 } }
        guard let number = SetNumbering(id: self.id)?.number(of: id), replaced[number] == nil, total.map({ number <= $0 }) ?? true
        else { return nil }
        return number
    }

    /// The ids of some members, by number from 1.
    public func ids(_ numbers: ClosedRange<Int>) -> [TaskID] { numbers.map(member) }
}
