import CeleryCore
import RabbitMQ
import Synchronization
import Wire

/// One reading of the statistics stream, up to a mark.
final class StatisticsReading: Sendable {
    let mark: String
    let since: Timestamp?
    private let result: AsyncThrowingStream<StatisticsSum, any Error>
    private let continuation: AsyncThrowingStream<StatisticsSum, any Error>.Continuation
    private let heard = Mutex(ContinuousClock.now)

    /// The read fails when nothing arrives for this long.
    private static let patience: Duration = .seconds(15)

    init(mark: String, since: Timestamp?) {
        self.mark = mark
        self.since = since
        (result, continuation) = AsyncThrowingStream.makeStream()
    }

    /// Waits until all earlier entries of the stream are added up.
    ///
    /// - Throws: `RabbitMQError`.
    func sum() async throws -> StatisticsSum {
        let alarm = Task {
            while true {
                let last = heard.withLock { $0 }
                if last + Self.patience <= .now { break }
                try await Task.sleep(until: last + Self.patience)
            }
            finish(.failure(RabbitMQError(.timeout, "reading statistics timed out")))
        }
        defer { alarm.cancel() }
        for try await sum in result { return sum }
        throw CancellationError()
    }

    func noteProgress() { heard.withLock { $0 = .now } }

    func finish(_ sum: Result<StatisticsSum, RabbitMQError>) {
        switch sum {
        case .success(let sum):
            continuation.yield(sum)
            continuation.finish()
        case .failure(let error): continuation.finish(throwing: error)
        }
    }
}

final class StatisticsReader: ConnectionUse {
    private static let channel: UInt16 = 1
    private static let prefetch = 2_000

    private let reading: StatisticsReading
    private var sum = StatisticsSum()
    /// Tag of the last unacknowledged delivery; acknowledging it lets the server send more.
    private var last: UInt64?

    init(_ reading: StatisticsReading) { self.reading = reading }

    func establish(_ connection: Connection) throws(RabbitMQError) {
        sum = StatisticsSum()
        last = nil
        try connection.openChannel(Self.channel)
        try connection.setPrefetch(Self.prefetch, isShared: false, on: Self.channel)
        try connection.consume(
            StatisticsRecord.queue.name, as: "statistics", arguments: ["x-stream-offset": offset], on: Self.channel)
    }

    /// Stream offset: an interval before now, with a minute to spare.
    private var offset: JSON {
        guard let since = reading.since else { return "first" }
        let seconds = max(0, (Timestamp.now - since).inSeconds.possibleSeconds)
        return .string("\(Int(seconds) + 60)s")
    }

    func receive(_ incoming: Incoming, _ connection: Connection) throws(RabbitMQError) {
        switch incoming {
        case .delivery(let delivery):
            last = delivery.tag
            let record = StatisticsRecord(delivery.message.body)
            if record == .mark(reading.mark) { reading.finish(.success(sum)) }
            sum.take(record)
        case .cancelled: throw RabbitMQError(.lost, "the server ended the subscription to statistics")
        case .confirm, .returned, .blocked, .unblocked: break
        }
    }

    func settleDown(_ connection: Connection) throws(RabbitMQError) {
        guard let tag = last else { return }
        last = nil
        reading.noteProgress()
        try connection.acknowledge(tag, isMultiple: true, on: Self.channel)
    }

    func tick(_ connection: Connection) throws(RabbitMQError) {}

    func lost(_ error: RabbitMQError) { reading.finish(.failure(error)) }
}
