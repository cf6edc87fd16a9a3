package import CeleryCore

/// What somebody may do.
package enum WebRight: String, Sendable, Hashable, CaseIterable {
    /// See everything.
    case read
    /// Change something: submit, revoke, set limits.
    case act
}

/// The right of a token to submit some tasks, and to ask for the status of a task whose id is known.
package struct SubmissionRight: Sendable, Hashable {
    package var patterns: [SubmissionPattern]
    /// The SHA-256 of the token, which only the file of credentials has: ids made with it cannot be guessed.
    package var secret: [UInt8]

    package func permits(_ task: String) -> Bool { patterns.contains { $0.matches(task) } }
}

/// Somebody with rights.
package struct WebIdentity: Sendable, Hashable {
    /// For the log.
    package var name: String
    package var rights: Set<WebRight>
    /// Whether it proved itself by a token that no browser adds by itself.
    package var isBearer = false
    /// What it may submit by HTTP; `nil` if nothing. Such a token has no other right.
    package var submission: SubmissionRight?

    package init(_ name: String, _ rights: Set<WebRight>, isBearer: Bool = false, submission: SubmissionRight? = nil) {
        self.name = name
        self.rights = rights
        self.isBearer = isBearer
        self.submission = submission
    }
}
