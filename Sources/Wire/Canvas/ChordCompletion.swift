package import CeleryCore

/// A chord all of whose members have ended and were counted (`ChordCounting`): what follows.
package struct ChordCompletion: Sendable {
    /// The order and nesting of the values.
    private let header: [ChordMember]?
    private let results: [TaskResult]
    /// Stands for the member that completed the chord: it is the parent of what follows.
    private let message: Message
    private let unlock: ChordUnlock

    /// - Parameter part: The member that completed the chord.
    /// - Throws: `InvalidSignature` for a header that is not in Celery's form.
    package init(_ part: ChordPart, _ chord: ChordResults) throws(InvalidSignature) {
        results = chord.results
        if let form = chord.header, let members = form.arrayValue?.last?.arrayValue {
            header = try members.map(ChordMember.init)
        } else {
            header = nil
        }
        var message = Message(id: part.result.id, task: "", body: MessageBody(bytes: []))
        message.rootID = part.rootID
        self.message = message
        unlock = try ChordUnlock(groupID: part.group, body: part.body, members: [])
    }

    /// Tasks in a nested header that were not counted themselves: the bodies of chords within it.
    package var uncounted: [TaskID] {
        let counted = Set(results.map(\.id))
        return (header ?? []).flatMap(\.ids).filter { !counted.contains($0) }
    }

    /// What follows: the body, or the errbacks and the tasks that will never run with their failure.
    package enum Next: Sendable, Equatable {
        case send(Canvas.FollowUps)
        case fail(Canvas.FollowUps, TaskFailure)
    }

    /// - Parameter others: The results of `uncounted`.
    package func next(_ others: [TaskID: TaskResult] = [:], context: Canvas.Context = Canvas.Context()) -> Next {
        let all = results + uncounted.map { others[$0] ?? TaskResult(id: $0, state: .failure, failure: Self.lost) }
        for result in all where result.state != .success {
            let failure = result.failure ?? TaskFailure(type: "Exception", module: "builtins")
            return failing(ChordUnlock.reason(result.id, failure), failure, context)
        }
        let byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let values = header.map { $0.map { $0.value(in: byID) } } ?? results.map(\.value)
        let next = unlock.followUps(values, after: message, context: context)
        // If the body cannot be sent, clients must not wait for it in vain.
        if let trouble = next.unsupported.first { return failing("Callback error: \(trouble)", nil, context) }
        return .send(next)
    }

    /// Its result has expired, or was deleted.
    private static let lost = TaskFailure(type: "Exception", arguments: ["its result is gone"], module: "builtins")

    private func failing(_ reason: String, _ cause: TaskFailure?, _ context: Canvas.Context) -> Next {
        let (next, failure) = unlock.followUps(failing: reason, cause: cause, after: message, context: context)
        return .fail(next, failure)
    }
}
