import CeleryZMQ

/// Who has sent a request.
struct Caller: Sendable, Equatable {
    /// The connection, by ZeroMQ's own name for it.
    var connection: [UInt8]
    /// The key of the client; empty without encryption.
    var key: String
    var role: BrokerRole
}
