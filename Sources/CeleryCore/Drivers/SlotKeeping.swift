/// Keeping the places of tasks beside their results, for workers whose broker keeps none.
public protocol SlotKeeping: ResultStore {
    /// Takes places for as long as `lease`, which `renewSlots` prolongs; after that they are free.
    ///
    /// - Returns: for each whether there was one.
    /// - Throws: `DriverError`; then nothing has changed.
    func claim(_ claims: [SlotClaim], by worker: String, for lease: Duration) async throws -> [Bool]

    /// Frees places.
    ///
    /// - Parameter holders: `nil` for all of this worker.
    func leaveSlots(_ holders: [String]?, of worker: String) async throws

    /// The tasks that have the places of a line.
    func holders(of task: String, key: String) async throws -> [TaskID]

    /// Keeps all places of a worker for so long from now.
    func renewSlots(of worker: String, for lease: Duration) async throws
}

/// A place that a task needs.
public struct SlotClaim: Sendable, Equatable {
    /// Names the place; never used twice by a worker.
    public var holder: String
    /// Whose it is.
    public var id: TaskID
    /// By what its places are counted.
    public var task: String
    public var key: String
    /// How many there are.
    public var slots: Int

    public init(holder: String, id: TaskID, task: String, key: String, slots: Int) {
        self.holder = holder
        self.id = id
        self.task = task
        self.key = key
        self.slots = slots
    }
}
