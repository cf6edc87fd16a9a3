import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// Reads the stream of orders on a channel of a connection that is there for something else.
///
/// A second consumer begins at the end of the stream, to tell how far there is to read: once that is read, all that was
/// ordered before is known. A stream with nothing in it has no end to tell, so whoever makes one puts something in; not
/// on this connection, for a server that is full stops those who send.
final class CommandReader {
    static let channel: UInt16 = 4
    static let consumer = "orders"
    private static let probe = "orders.end"
    /// How long an end is waited for, and then the rest.
    private static let patience: Duration = .seconds(2)
    private static let longPatience: Duration = .seconds(10)
    /// How long a worker waits for a stream that it may not read.
    private static let refusalPatience: Duration = .seconds(5)
    private static let prefetch = 1_000

    let book: CommandBook
    /// Told why orders cannot be read, or not all of them.
    private let notice: (String) -> Void
    /// Puts something into a stream that has nothing in it.
    private let seed: () -> Void
    /// Where to go on; `nil` is the beginning.
    private var nextOffset: Int64?
    /// The newest entry that was there when the connection was made, as far as the probe has told.
    private var end: Int64?
    private var isProbing = false
    private var lastTag: UInt64?
    private var began = ContinuousClock.now
    private var isReading = false
    private var mayRead = true
    private var isOpen = false
    /// Why the server does not let it read now, and when that is tried again.
    private var refusal: (reason: String, nextTry: ContinuousClock.Instant)?
    private var hasTold = false

    init(_ book: CommandBook, seed: @escaping () -> Void, notice: @escaping (String) -> Void) {
        self.book = book
        self.seed = seed
        self.notice = notice
    }

    /// Begins to read on a new connection.
    func establish(_ connection: Connection, spareChannel: UInt16) throws(RabbitMQError) {
        refusal = nil
        hasTold = false
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
            notice("this worker hears of revoked tasks and paused queues only while it runs: \(error.message)")
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
            // A stream that was made this moment is not on every node yet, and one that is older than a node never.
            guard case .refused = error.code, !error.isPassing else { throw error }
            isOpen = false
            refusal = (error.message, .now + (hasTold ? Self.longPatience : .seconds(1)))
        }
    }

    /// Makes the stream if there is none.
    /// - Returns: whether there was none.
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
        // The server begins with a whole chunk, which may be older than what was asked for.
        if let nextOffset, offset < nextOffset { return }
        nextOffset = offset + 1
        if let entry = CommandStream.entry(delivery.message) { book.add(entry) }
    }

    /// The server ended it: somebody deleted the stream.
    func cancelled() {
        isReading = false
        nextOffset = nil
        book.catchUp()
    }

    /// Acknowledges what was read.
    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        guard let tag = lastTag else { return }
        lastTag = nil
        try connection.acknowledge(tag, isMultiple: true, on: Self.channel)
        if isProbing, end != nil {
            isProbing = false
            try connection.cancelUnawaited(consumer: Self.probe, on: Self.channel)
        }
    }

    /// Lets the worker begin, once all is known and heeded.
    func tellIfKnown() {
        if let end, (nextOffset ?? 0) > end, !book.isCaughtUp { book.catchUp() }
    }

    func tick(_ connection: Connection, spareChannel: UInt16) throws(RabbitMQError) {
        if !isReading, mayRead, refusal.map({ $0.nextTry <= .now }) ?? true {
            if isOpen {
                // Somebody deleted the stream: what is read next is all there is.
                try connection.closeChannel(Self.channel)
                return try establish(connection, spareChannel: spareChannel)
            }
            try begin(connection, spareChannel)
        }
        let waited = began.duration(to: .now)
        if let refusal, !hasTold, waited > Self.refusalPatience {
            notice("this worker does not hear of revoked tasks and paused queues: \(refusal.reason)")
            hasTold = true
            book.catchUp()
        }
        guard !book.isCaughtUp, refusal == nil else { return }
        if end == nil, waited > Self.patience {
            // Nobody has put anything in.
            seed()
            book.catchUp()
        } else if waited > Self.longPatience {
            notice("the server does not show what was ordered of workers; this one goes on without")
            book.catchUp()
        }
    }
}
