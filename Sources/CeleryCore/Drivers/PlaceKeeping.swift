/// Storing concurrency slots beside results, for workers whose broker does not enforce limits.
public protocol PlaceKeeping: ResultStore {
    /// Takes slots for the length of `lease`, which `renewPlaces` extends; then they are free.
    ///
    /// - Returns: For each claim, whether there was a free slot.
    /// - Throws: `DriverError`; then nothing has changed.
    func claim(_ claims: [PlaceClaim], by worker: String, for lease: Duration) async throws -> [Bool]

    /// Frees slots.
    ///
    /// - Parameter holders: `nil` for all slots of this worker.
    func leavePlaces(_ holders: [String]?, of worker: String) async throws

    /// The tasks that hold the slots of a task name and key.
    func holders(of task: String, key: String) async throws -> [TaskID]

    /// Extends all slots of a worker to `lease` from now.
    func renewPlaces(of worker: String, for lease: Duration) async throws
}

/// A concurrency slot that a task needs.
public struct PlaceClaim: Sendable, Equatable {
    /// Identifies the slot; never used twice by a worker.
    public var holder: String
    /// The task id.
    public var id: TaskID
    /// Task name and key by which slots are counted.
    public var task: String
    public var key: String
    /// Number of slots in all.
    public var places: Int

    public init(holder: String, id: TaskID, task: String, key: String, places: Int) {
        self.holder = holder
        self.id = id
        self.task = task
        self.key = key
        self.places = places
    }
}
