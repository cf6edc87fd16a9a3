/// A connection that answers commands in the order in which they were sent. Confined to the thread that created it; only `init`
/// blocks.
package protocol CommandConnection: SendableMetatype {
    associatedtype Options: Sendable
    associatedtype Command: Sendable
    associatedtype Reply: Sendable
    associatedtype Failure: ConnectionFailure

    /// Connects, and logs in where that is needed. Blocks.
    ///
    /// - Parameter onSocket: Receives the descriptor, so that another thread can shut the socket down; -1 after a failure.
    init(_ options: Options, onSocket: (Int32) -> Void) throws(Failure)

    var descriptor: Int32 { get }
    /// Whether there is more to send than the kernel took.
    var wantsToSend: Bool { get }
    /// When the server last sent anything, or made room for what could not be sent before.
    var lastHeard: ContinuousClock.Instant { get set }
    /// For how long the server may be silent while it owes an answer.
    var answerTimeout: Duration { get }
    /// The server, without a password.
    var location: String { get }

    /// Adds commands to what is to be sent by `exchange`.
    func add(_ commands: [Command]) throws(Failure)

    /// Sends and receives as much as is possible at once.
    ///
    /// - Parameter take: Receives each reply.
    /// - Throws: At the end of the connection, once all replies that came before it have been taken.
    func exchange(_ take: (Reply) throws(Failure) -> Void) throws(Failure)

    /// Whether a reply answers a command; otherwise the server tells of its own affairs.
    func isAnswer(_ reply: Reply) -> Bool

    /// Why a reply came that nobody waits for.
    func reason(ofUnasked reply: Reply) -> Failure

    /// Says goodbye. Does not wait for an answer.
    func close(onSocket: (Int32) -> Void)
}

extension CommandConnection {
    /// Whether a reply answers a command: all do, unless the protocol has others.
    package func isAnswer(_ reply: Reply) -> Bool { true }
}
