import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

/// An entry of the stream `celery.statistics`, in which workers write down what they have counted.
///
/// Each is read from the beginning and added up; there is nothing to lock and nothing to lose.
enum StatisticsRecord: Sendable, Equatable {
    case report(StatisticsReport)
    /// What stands before it does not count any more.
    case reset
    /// Whoever reads puts one there: what he wants to know stands before it.
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

    /// - Returns: `nil` for what is none, of this version or at all.
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

/// Adds up the entries of the stream, in their order.
struct StatisticsSum: Sendable {
    private(set) var ledger = StatisticsLedger()
    /// The last report of each worker: one whose confirm was lost is sent again.
    private var numbers: [String: Int64] = [:]

    /// Takes one entry. What cannot be read is another version's, and counts for nothing.
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
