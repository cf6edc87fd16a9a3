import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// An entry of the stream `celery.statistics`, to which workers append what they have counted.
///
/// Readers add up the entries from the beginning; the stream needs no lock, and no update can be lost.
enum StatisticsRecord: Sendable, Equatable {
    case report(StatisticsReport)
    /// Discards all earlier entries.
    case reset
    /// Appended by a reader to mark the end of the entries it wants.
    case mark(String)

    static let queue: QueueDeclaration = {
        var queue = QueueDeclaration("celery.statistics")
        queue.arguments = [
            "x-queue-type": "stream", "x-max-age": "30D", "x-max-length-bytes": .int(128 << 20),
            // The server drops whole segments only.
            "x-stream-max-segment-size-bytes": .int(4 << 20),
        ]
        return queue
    }()

    var publication: Publication {
        let properties = WireProperties(contentType: "application/json", deliveryMode: 2)
        return Publication(
            WireMessage(routingKey: Self.queue.name, properties: properties, body: json.bytes()), isMandatory: true,
            needs: [.queue(Self.queue)])
    }

    private var json: JSON {
        switch self {
        case .report(let report):
            ["worker": .string(report.worker), "number": .int(report.number), "ledger": report.ledger.json]
        case .reset: ["reset": true]
        case .mark(let mark): ["mark": .string(mark)]
        }
    }

    /// - Returns: `nil` for an entry of another version or a malformed one.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes) else { return nil }
        if let mark = json["mark"]?.stringValue {
            self = .mark(mark)
        } else if json["reset"] == true {
            self = .reset
        } else if let worker = json["worker"]?.stringValue, case .int(let number)? = json["number"],
            let ledger = json["ledger"].flatMap(StatisticsLedger.init(json:))
        {
            self = .report(StatisticsReport(worker: worker, number: number, ledger: ledger))
        } else {
            return nil
        }
    }
}

/// Adds up the entries of the stream in order.
struct StatisticsSum: Sendable {
    private(set) var ledger = StatisticsLedger()
    /// Number of the last report of each worker: a report whose confirm was lost is sent again.
    private var numbers: [String: Int64] = [:]

    /// Adds one entry. Unreadable entries are from another version and are ignored.
    mutating func take(_ record: StatisticsRecord?) {
        switch record {
        case .report(let report):
            guard report.number > numbers[report.worker] ?? 0 else { return }
            numbers[report.worker] = report.number
            ledger.add(report.ledger)
        case .reset: ledger = StatisticsLedger()
        case .mark, nil: break
        }
    }
}
