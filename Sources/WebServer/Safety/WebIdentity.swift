/// What somebody may do.
package enum WebRight: String, Sendable, Hashable, CaseIterable {
    /// See everything.
    case read
    /// Change something: submit, revoke, set limits.
    case act
}

/// Somebody with rights.
package struct WebIdentity: Sendable, Hashable {
    /// For the log.
    package var name: String
    package var rights: Set<WebRight>
    /// Whether it proved itself by a token that no browser adds by itself.
    package var isBearer = false

    package init(_ name: String, _ rights: Set<WebRight>, isBearer: Bool = false) {
        self.name = name
        self.rights = rights
        self.isBearer = isBearer
    }
}
