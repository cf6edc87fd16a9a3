import Testing

/// One cell of the table of celery(7): on which broker, and when the message is acknowledged.
struct FateCase: Sendable, CustomTestStringConvertible {
    enum Place: String, CaseIterable, Sendable {
        case sqlite = "SQLite"
        case rabbitMQ = "RabbitMQ"
    }

    enum Acknowledgement: String, CaseIterable, Sendable {
        case late, early
    }

    var place: Place
    var acknowledgement: Acknowledgement

    var isLate: Bool { acknowledgement == .late }

    var testDescription: String { "\(place.rawValue), \(acknowledgement.rawValue)" }

    static let all = Place.allCases.flatMap { place in
        Acknowledgement.allCases.map { FateCase(place: place, acknowledgement: $0) }
    }

    static let late = all.filter(\.isLate)
    static let early = all.filter { !$0.isLate }
}
