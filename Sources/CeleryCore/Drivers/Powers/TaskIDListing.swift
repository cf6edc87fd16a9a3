/// Listing ids of tasks that a broker or a result store knows, for completion on the command line. Reads only, and quickly,
/// however many there are.
public protocol TaskIDListing: Sendable {
    /// Ids that start with `prefix`, at most `limit`: with an empty prefix the newest, newest first.
    func taskIDs(startingWith prefix: String, limit: Int) async throws -> [TaskID]
}
