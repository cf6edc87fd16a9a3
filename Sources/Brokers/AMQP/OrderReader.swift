import CeleryCore
import RabbitMQ
import Wire

/// Reads the stream of orders on a channel of a connection that is there for something else.
///
/// It sends an entry of its own first. Once that comes back, all that was ordered before is known.
final class OrderReader {
    static let channel: UInt16 = 4
    static let consumer = "orders"
    /// How long the server may take to show all that was ordered.
    private static let patience: Duration = .seconds(10)
    private static let prefetch = 1_000

    let book: OrderBook
    /// Told once why orders cannot be read, or not all of them.
    private let notice: (String) -> Void
    /// Where to go on; `nil` is the beginning.
    private var nextOffset: Int64?
    private var marker = ""
    /// Whether the marker has come back.
    private var hasAll = false
    private var lastTag: UInt64?
    private var deadline = ContinuousClock.now
    private var isReading = false
    private var mayRead = true

    init(_ book: OrderBook, notice: @escaping (String) -> Void) {
        self.book = book
        self.notice = notice
    }

    /// Begins to read on a new connection.
    func establish(_ connection: Connection, spareChannel: UInt16) throws(RabbitMQError) {
        lastTag = nil
        isReading = false
        hasAll = false
        guard mayRead else { return book.catchUp() }
        book.begin()
        do throws(RabbitMQError) {
            try connection.withChannel(spareChannel) { () throws(RabbitMQError) in
                _ = try connection.declare(OrderStream.declaration, on: spareChannel)
            }
        } catch {
            guard case .refused = error.code else { throw error }
            mayRead = false
            notice("this worker hears of revoked tasks and paused queues only while it runs: \(error.message)")
            return book.catchUp()
        }
        marker = TaskID().text
        deadline = .now + Self.patience
        try connection.openChannel(Self.channel)
        try connection.setPrefetch(Self.prefetch, isShared: false, on: Self.channel)
        try connection.publish(OrderStream.message(.marker(marker)), isMandatory: false, on: Self.channel)
        try connection.consume(
            OrderStream.name, as: Self.consumer, arguments: ["x-stream-offset": nextOffset.map(JSON.int) ?? "first"],
            on: Self.channel)
        isReading = true
    }

    func receive(_ delivery: IncomingDelivery) {
        lastTag = delivery.tag
        if let offset = delivery.message.headers["x-stream-offset"]?.intValue {
            // The server begins with a whole chunk, which may be older than what was asked for.
            if let nextOffset, offset < nextOffset { return }
            nextOffset = Int64(offset) + 1
        }
        guard let entry = OrderStream.entry(delivery.message) else { return }
        if case .marker(let text) = entry {
            if text == marker { hasAll = true }
        } else {
            book.add(entry)
        }
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
    }

    /// Lets the worker begin, once all is known and heeded.
    func tellIfKnown() {
        if hasAll, !book.isCaughtUp { book.catchUp() }
    }

    func tick(_ connection: Connection, spareChannel: UInt16) throws(RabbitMQError) {
        if !isReading, mayRead {
            try connection.closeChannel(Self.channel)
            return try establish(connection, spareChannel: spareChannel)
        }
        guard !book.isCaughtUp, deadline <= .now else { return }
        notice("the server does not show what was ordered of workers; this one goes on without")
        nextOffset = nil
        book.catchUp()
    }
}
