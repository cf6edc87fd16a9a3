/// What a server answers to a command.
package enum TyrantReply: Sendable, Equatable {
    /// Whether the command had its effect. The server says nothing more: `putkeep` also fails where there is a value, `out` where
    /// there is none.
    case done(Bool)
    /// The values of an `mget`; keys without one are absent.
    case records([TyrantRecord])
    /// The size of a value in bytes; `nil` without one.
    case size(Int?)
    case keys([[UInt8]])
    /// Lines of a name, a tab and a value.
    case text(String)

    /// The form of a reply.
    enum Shape: Sendable, Equatable {
        /// The code alone.
        case code
        /// A number of records, and of each the sizes of key and value, then both.
        case records
        case size
        /// A number of keys, and each with its size before it.
        case keys
        /// A text with its size before it.
        case text
    }
}

/// A value with its key.
package struct TyrantRecord: Sendable, Equatable {
    package var key: [UInt8]
    package var value: [UInt8]

    package init(key: [UInt8], value: [UInt8]) { (self.key, self.value) = (key, value) }
}
