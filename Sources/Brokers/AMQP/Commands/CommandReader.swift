import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// Reads the stream of standing commands on a channel of a connection that serves another purpose.
///
/// A second consumer starts at the end of the stream and learns the last offset: once the reader is past it, all earlier
/// commands are known. An empty stream has no last offset, so whoever creates the stream writes a seed entry; not on this
/// connection, because a server in a resource alarm blocks publishing connections.
final class CommandReader {
    static let channel: UInt16 = 4
    static let consumer = "orders"
    private static let probe = "orders.end"
    /// How long to wait for the last offset, and for the entries up to it.
    private static let patience: Duration = .seconds(2)
    private static let longPatience: Duration = .seconds(10)
    /// How long to wait for a stream that the server refuses to read.
    private static let refusalPatience: Duration = .seconds(5)
    private static let prefetch = 1_000

    let book: CommandBook
    /// Reports why commands cannot be read, or not all of them.
    private let notice: (String) -> Void
    /// Writes an entry to an empty stream.
    private let seed: () -> Void
    /// The next offset to read; `nil` at the beginning.
    private var nextOffset: Int64?
    /// Offset of the newest entry when the connection was made; `nil` until the probe reports it.
    private var end: Int64?
    private var isProbing = false
    private var lastTag: UInt64?
    private var began = ContinuousClock.now
    private var isReading = false
    private var mayRead = true
    private var isOpen = false
    /// Why the server refuses reading, and when to try again.
    private var refusal: (reason: String, nextTry: ContinuousClock.Instant)?
    private var hasReported = false

    init(_ book: CommandBook, seed: @escaping () -> Void, notice: @escaping (String) -> Void) {
        self.book = book
        self.seed = seed
        self.notice = notice
    }

    /// Starts reading on a new connection.
    func establish(_ connection: Connection, spareChannel: UInt16) throws(RabbitMQError) {
        refusal = nil
        hasReported = false
        isOpen = false
        guard mayRead else { return book.catchUp() }
        book.begin()
        began = .now
        try begin(connection, spareChannel)
    }

    private func begin(_ connection: Connection, _ spareChannel: UInt16) throws(RabbitMQError) {
        lastTag = nil
        end = nil
        isReading = false
        isProbing = false
        let isNew: Bool
        do throws(RabbitMQError) {
            isNew = try make(connection, spareChannel)
        } catch {
            guard case .refused = error.code else { throw error }
            mayRead = false
            notice("this worker learns of revoked tasks and paused queues only while it runs: \(error.message)")
            return book.catchUp()
        }
        if isNew {
            nextOffset = nil
            book.catchUp()
            seed()
        }
        try connection.openChannel(Self.channel)
        isOpen = true
        do throws(RabbitMQError) {
            try connection.onChannel(Self.channel) { () throws(RabbitMQError) in
                try connection.setPrefetch(Self.prefetch, isShared: false, on: Self.channel)
                if !isNew { try consume(as: Self.probe, from: "last", connection) }
                try consume(as: Self.consumer, from: nextOffset.map(JSON.int) ?? "first", connection)
            }
            isProbing = !isNew
            isReading = true
            refusal = nil
            began = .now
        } catch {
            // A stream that was just declared may not exist on every node yet, and an older one never on a new node.
            guard case .refused = error.code, !error.isPassing else { throw error }
            isOpen = false
            refusal = (error.message, .now + (hasReported ? Self.longPatience : .seconds(1)))
        }
    }

    /// Declares the stream if necessary.
    ///
    /// - Returns: Whether it did not exist.
    private func make(_ connection: Connection, _ channel: UInt16) throws(RabbitMQError) -> Bool {
        do throws(RabbitMQError) {
            try connection.withChannel(channel) { () throws(RabbitMQError) in
                _ = try connection.declare(CommandStream.declaration, isPassive: true, on: channel)
            }
            return false
        } catch {
            guard error.code == .refused(404) else { throw error }
        }
        try connection.withChannel(channel) { () throws(RabbitMQError) in
            _ = try connection.declare(CommandStream.declaration, on: channel)
        }
        return true
    }

    private func consume(as consumer: String, from offset: JSON, _ connection: Connection) throws(RabbitMQError) {
        try connection.consume(CommandStream.name, as: consumer, arguments: ["x-stream-offset": offset], on: Self.channel)
    }

    func receive(_ delivery: IncomingDelivery) {
        lastTag = delivery.tag
        guard let offset = delivery.message.headers["x-stream-offset"]?.intValue.map(Int64.init) else { return }
        if delivery.consumer == Self.probe {
            if isProbing { end = max(end ?? 0, offset) }
            return
        }
        // The server begins with a whole chunk, which may contain older entries.
        if let nextOffset, offset < nextOffset { return }
        nextOffset = offset + 1
        if let entry = CommandStream.entry(delivery.message) { book.add(entry) }
    }

    /// The server cancelled the consumer: somebody deleted the stream.
    func cancelled() {
        isReading = false
        nextOffset = nil
        book.catchUp()
    }

    /// Acknowledges the entries read.
    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        guard let tag = lastTag else { return }
        lastTag = nil
        try connection.acknowledge(tag, isMultiple: true, on: Self.channel)
        if isProbing, end != nil {
            isProbing = false
            try connection.cancelUnawaited(consumer: Self.probe, on: Self.channel)
        }
    }

    /// Lets the worker start once all earlier commands are known.
    func tellIfKnown() {
        if let end, (nextOffset ?? 0) > end, !book.isCaughtUp { book.catchUp() }
    }

    func tick(_ connection: Connection, spareChannel: UInt16) throws(RabbitMQError) {
        if !isReading, mayRead, refusal.map({ $0.nextTry <= .now }) ?? true {
            if isOpen {
                // Somebody deleted the stream: the next one holds everything there is.
                try connection.closeChannel(Self.channel)
                return try establish(connection, spareChannel: spareChannel)
            }
            try begin(connection, spareChannel)
        }
        let waited = began.duration(to: .now)
        if let refusal, !hasReported, waited > Self.refusalPatience {
            notice("this worker does not learn of revoked tasks and paused queues: \(refusal.reason)")
            hasReported = true
            book.catchUp()
        }
        guard !book.isCaughtUp, refusal == nil else { return }
        if end == nil, waited > Self.patience {
            // Nobody has written an entry yet.
            seed()
            book.catchUp()
        } else if waited > Self.longPatience {
            notice("the server does not deliver the commands for workers; this worker continues without them")
            book.catchUp()
        }
    }
}
