package import CeleryCore
import Streams
import Synchronization

/// Looks at keys of a Redis server, and is told when they change.
///
/// The server remembers which keys each look has read, whether they exist or not, and says once when one of them changes (the
/// tracking that it has for caches of clients, `CLIENT TRACKING`, since Redis 6). So one connection waits for any number of lists
/// without taking anything from them, and nothing is asked again while nothing happens. It is a connection of its own, which
/// speaks RESP3.
package final class RedisTracking: Sendable {
    private let link: CommandLink<TrackingConnection>
    private let location: String
    private let tracks: TrackingNews

    /// Rings when a key that was looked at may have changed, or a connection was lost, so that changes may have been missed.
    package let bell: Bell

    /// Whether the server tells of changes; otherwise look again after a while. Known after the first look.
    package var isTold: Bool { tracks.isTold }

    /// For how long a server may be silent: with `interval` it is less than ten seconds before a dead connection is noticed.
    private static let answerTimeout: Duration = .seconds(5)
    /// How often to look although nothing was told, which also shows that the server is alive.
    package static let interval: Duration = .seconds(2.5)
    /// How often to look at a server that tells nothing.
    package static let shortInterval: Duration = .milliseconds(50)

    /// When to look next at the latest.
    package var nextLook: ContinuousClock.Instant { .now + (isTold ? Self.interval : Self.shortInterval) }

    /// Does not connect yet.
    package init(_ options: RedisOptions, bell: Bell = Bell()) {
        var options = options
        options.protocolVersion = 3
        options.answerTimeout = min(options.answerTimeout, Self.answerTimeout)
        location = options.location
        tracks = TrackingNews()
        self.bell = bell
        link = CommandLink(TrackingConnection.Options(redis: options, news: tracks, changed: { bell.ring() }))
    }

    /// Sends commands that read; the bell rings at the first change of a key that they name.
    ///
    /// Read the count of the bell first, look, then wait: no change in between is missed.
    /// - Returns: A reply for each command.
    /// - Throws: `DriverError`; also for the first refusal.
    package func look(_ commands: [RedisCommand]) async throws -> [RESPValue] {
        do {
            let replies = try await link.send(commands)
            for (command, reply) in zip(commands, replies) {
                if case .error(let text) = reply { throw RedisError(reply: text, to: command.name) }
            }
            return replies
        } catch let error as RedisError {
            throw DriverError(error, at: location)
        }
    }

    /// Closes the connection and ends the thread.
    package func close() async { await link.close() }
}

/// What the connection has found out about its server.
private final class TrackingNews: Sendable {
    private let state = Mutex(true)
    var isTold: Bool { state.withLock { $0 } }
    func note(isTold: Bool) { state.withLock { $0 = isTold } }
}

/// A connection whose server tells of changed keys.
private final class TrackingConnection: CommandConnection {
    struct Options: Sendable {
        var redis: RedisOptions
        var news: TrackingNews
        var changed: @Sendable () -> Void
    }

    private let connection: RedisConnection
    private let changed: @Sendable () -> Void

    init(_ options: Options, onSocket: (Int32) -> Void) throws(RedisError) {
        connection = try RedisConnection(options.redis, onSocket: onSocket)
        changed = options.changed
        do throws(RedisError) {
            // Without NOLOOP: this connection only reads.
            let reply = try connection.call([RedisCommand("CLIENT", "TRACKING", "ON")], until: .now + options.redis.connectTimeout)[0]
            if case .error = reply { options.news.note(isTold: false) } else { options.news.note(isTold: true) }
        } catch {
            connection.close(onSocket: onSocket)
            throw error
        }
    }

    var descriptor: Int32 { connection.descriptor }
    var wantsToSend: Bool { connection.wantsToSend }
    var answerTimeout: Duration { connection.answerTimeout }
    var location: String { connection.location }
    var lastHeard: ContinuousClock.Instant {
        get { connection.lastHeard }
        set { connection.lastHeard = newValue }
    }

    func add(_ commands: [RedisCommand]) throws(RedisError) { try connection.add(commands) }
    func exchange(_ take: (RESPValue) throws(RedisError) -> Void) throws(RedisError) { try connection.exchange(take) }
    func reason(ofUnasked reply: RESPValue) -> RedisError { connection.reason(ofUnasked: reply) }

    func isAnswer(_ reply: RESPValue) -> Bool {
        if connection.isAnswer(reply) { return true }
        changed()
        return false
    }

    func close(onSocket: (Int32) -> Void) {
        connection.close(onSocket: onSocket)
        // Changes from now on are not told.
        changed()
    }
}
