/// Counting the members of chords as they end, so that whoever ends the last one sends the body: Celery's way where the store can
/// count. For other stores a task is sent with the members, which waits for them (`ChordUnlock`).
package protocol ChordCounting: ResultStore {
    /// Counts a member that has ended: once, however often it is told.
    ///
    /// - Parameter claim: Names this end; the same each time it is told.
    /// - Returns: Whether this end completes the chord, so that the teller has to send the body.
    func count(_ part: ChordPart, as claim: String) async throws -> Bool

    /// What is known of the members that have ended.
    func chord(_ group: String) async throws -> ChordResults

    /// Prolongs the claim of one who is about to send the body.
    ///
    /// - Returns: `false` if another has it now.
    func extendClaim(to group: String, as claim: String) async throws -> Bool

    /// Ends a chord whose body was sent; later ends of its members are not counted.
    func finishChord(_ group: String, as claim: String) async throws

    /// Ends a chord whose body can never be sent, because a member failed.
    func failChord(_ group: String) async throws
}

/// The end of a task that is a member of a chord.
package struct ChordPart: Sendable, Equatable {
    /// The id of the header.
    package var group: String
    /// The place of the member; `nil` puts it behind all others.
    package var index: Int?
    /// What the task came to; stored or not.
    package var result: TaskResult
    /// The task that receives the results of all members.
    package var body: Signature
    /// The first task of the workflow.
    package var rootID: TaskID?

    package init(group: String, index: Int?, result: TaskResult, body: Signature, rootID: TaskID?) {
        (self.group, self.index, self.result, self.body, self.rootID) = (group, index, result, body, rootID)
    }
}

/// The members of a chord that have ended.
package struct ChordResults: Sendable, Equatable {
    /// Their states, values and failures, by place.
    package var results: [TaskResult]
    /// The form of a header that has groups within it, as Celery saves groups; `nil` for a plain one.
    package var header: JSON?

    package init(results: [TaskResult], header: JSON?) { (self.results, self.header) = (results, header) }
}
