import CeleryCore

/// What only some result stores can do.
enum ResultStorePower: CaseIterable {
    /// Tells a late attempt from a newer one.
    case attempts
    /// Keeps that a task is revoked until an attempt says better.
    case announcing
    /// Has one record of a task, rather than one beside the other.
    case oneRecord
    /// Keeps what Celery's own results have no place for.
    case ownFields
    /// Answers for thousands of ids without a call for each.
    case manyAtOnce
    /// Keeps the message with the result.
    case requests
    /// Takes ids of any characters.
    case anyIDs
    /// Keeps task-sets.
    case sets
    /// Tells which task-sets it keeps.
    case setList
    /// Counts the members of a set as their results are stored.
    case setCounts
    /// Counts the members of chords.
    case chords
    /// Keeps what attempts wrote.
    case outputs
    /// Lists the tasks that have a result, and does so part by part in bounded time.
    case listing, paging
    /// Lists ids by their beginning.
    case ids
    /// Wakes who waits for a change.
    case watching
    /// Counts the time of a result from when it is stored; others count from when it is fetched, or leave it to a server.
    case ownExpiry
    /// Drops expired results when it is told to.
    case expiring

    /// Whether a store has the power, by the protocols it conforms to; `nil` where no protocol tells.
    func isHad(by store: any ResultStore) -> Bool? {
        switch self {
        case .announcing: store is any RevocationAnnouncing
        case .requests: store is any RequestKeeping
        case .sets: store is any TaskSetKeeping
        case .chords: store is any ChordCounting
        case .outputs: store is any OutputKeeping
        case .listing: store is any ResultListing
        case .paging: store is any TaskPaging
        case .ids: store is any TaskIDListing
        case .watching: store is any ResultWatching
        case .expiring: store is any ResultExpiring
        // These are no protocols: a driver has them or says that it has not.
        case .attempts, .oneRecord, .ownFields, .manyAtOnce, .anyIDs, .setList, .setCounts, .ownExpiry: nil
        }
    }
}
