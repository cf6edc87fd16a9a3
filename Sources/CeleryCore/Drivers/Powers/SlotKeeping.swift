/// Storing concurrency slots beside results, for workers whose broker does not enforce limits.
public protocol SlotKeeping: ResultStore {
    /// Takes places for as long as `lease`, which `renewSlots` prolongs; after that they are free.
    ///
    /// - Returns: For each claim, whether there was a free slot.
    /// - Throws: `DriverError`; then nothing has changed.
    func claim(_ claims: [SlotClaim], by worker: String, for lease: Duration) async throws -> [Bool]

    /// Frees slots.
    ///
    /// - Parameter holders: `nil` for all slots of this worker.
    func leaveSlots(_ holders: [String]?, of worker: String) async throws

    /// The tasks that hold the slots of a task name and key.
    func holders(of task: String, key: String) async throws -> [TaskID]

    /// Extends all slots of a worker to `lease` from now.
    func renewSlots(of worker: String, for lease: Duration) async throws
}

/// A concurrency slot that a task needs.
public struct SlotClaim: Sendable, Equatable {
    /// Identifies the slot; never used twice by a worker.
    public var holder: String
    /// The task id.
    public var id: TaskID
    /// Task name and key by which slots are counted.
    public var task: String
    public var key: String
    /// Number of slots in all.
    public var slots: Int

    public init(holder: String, id: TaskID, task: String, key: String, slots: Int) {
        self.holder = holder
        self.id = id
        self.task = task
        self.key = key
        self.slots = slots
    }
}
