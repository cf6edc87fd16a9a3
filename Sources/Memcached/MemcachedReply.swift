/// What a server answers to a command.
package enum MemcachedReply: Sendable, Equatable {
    /// The values of a `get`; keys without one are absent.
    case values([MemcachedValue])
    /// `STORED`, `NOT_STORED`, `EXISTS`, `NOT_FOUND`, `DELETED`, `TOUCHED`, `VERSION 1.6.18`.
    case word(String)
    /// The new number of an `incr`.
    case number(UInt64)
    /// `ERROR`, `CLIENT_ERROR ...`, `SERVER_ERROR ...`.
    case error(String)
}

/// A value with its key.
package struct MemcachedValue: Sendable, Equatable {
    package var key: String
    /// Set by the client that stored it.
    package var flags: UInt32
    package var bytes: [UInt8]
    /// Changes with each change of the value.
    package var version: UInt64

    package init(key: String, flags: UInt32 = 0, bytes: [UInt8], version: UInt64 = 0) {
        self.key = key
        self.flags = flags
        self.bytes = bytes
        self.version = version
    }

    /// What Python's older clients (python-memcached, pylibmc) tell with the flags of a value.
    package enum Coding: Sendable, Equatable {
        /// Bytes or text, as it is.
        case plain
        /// Compressed by zlib.
        case compressed
        /// A pickle, or a kind of value that no version of Celery stores.
        case foreign
    }

    package var coding: Coding {
        switch flags {
        // Bytes; a number, as its digits; text.
        case 0, 2, 4, 16: .plain
        case 8, 8 | 16: .compressed
        default: .foreign
        }
    }
}
