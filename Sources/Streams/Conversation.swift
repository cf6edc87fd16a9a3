/// What is said on one connection to a server that also speaks unasked: requests, and what the server tells. Forgotten with the
/// connection. Confined to the thread of the connection; nothing here blocks.
package protocol Conversation: AnyObject {
    associatedtype Connection: ConversationConnection
    associatedtype Work: Sendable
    associatedtype Answer: Sendable

    var connection: Connection { get }
    var requests: LoopRequests<Work, Answer, Connection.Failure> { get set }

    /// Says what comes first.
    func open() throws(Connection.Failure)

    /// Begins a request, which may be over at once.
    ///
    /// - Throws: At the end of the connection.
    func begin(_ request: LoopRequest<Work, Answer, Connection.Failure>) throws(Connection.Failure)

    /// Sends and receives as much as is possible at once, and ends requests that are answered.
    ///
    /// - Throws: At the end of the connection.
    func exchange() throws(Connection.Failure)

    /// Ends a request that is not answered.
    func fail(_ number: Int, _ error: Connection.Failure)
}

/// A connection that is made for a conversation. Confined to the thread that created it; only `init` and `leave` block.
package protocol ConversationConnection {
    associatedtype Options: Sendable
    associatedtype Failure: ConversationFailure

    /// Connects, and logs in. Blocks.
    ///
    /// - Parameter onSocket: Receives the descriptor, so that another thread can shut the socket down; -1 after a failure.
    init(_ options: Options, onSocket: (Int32) -> Void) throws(Failure)

    var descriptor: Int32 { get }
    /// Whether there is more to send than the kernel took.
    var wantsToSend: Bool { get }
    /// The server, without a password.
    var location: String { get }
    /// When `exchange` has to be called again although nothing comes.
    var nextTurn: ContinuousClock.Instant { get }

    /// Takes leave, so that the server has read all that was sent. Blocks until it confirms that, or until the deadline.
    func leave(until deadline: ContinuousClock.Instant, onSocket: (Int32) -> Void)

    func close(onSocket: (Int32) -> Void)
}

/// An error of a conversation.
package protocol ConversationFailure: ConnectionFailure {
    /// The server lives, but has not confirmed in time.
    static func late(_ message: String) -> Self
}

extension Conversation {
    package func fail(_ number: Int, _ error: Connection.Failure) { requests.end(number, .failure(error)) }
}
