import CeleryCore
import Client

/// Sends the messages of a batch a chunk at a time, and prints the ids of those that are confirmed, in order.
///
/// A broker that refuses something of a chunk does not always say of what. Then what it has not confirmed is
/// sent again in halves, until the line is alone.
struct BatchSender {
    /// A message, and where it stands in the file.
    struct Line {
        var number: Int
        var message: Message
    }

    /// Messages sent in one commit.
    private static let chunkSize = 5_000

    private let client: Client
    private let output: Output
    /// What the file is called in errors.
    private let name: String
    /// Whether refused lines are told and the others sent all the same.
    private let skipsRefused: Bool

    private var chunk: [Line] = []
    /// The next chunk is made while this one is committed.
    private var underWay: (lines: [Line], commit: Task<Void, any Error>)?
    /// What a broker said of a queue or an exchange, it says of every message that goes there.
    private var refusedRoutes: [Route: DriverError] = [:]
    /// Whether a line was refused and left out.
    private(set) var hasRefused = false
    private var hasTold = false

    init(client: Client, output: Output, name: String, skipsRefused: Bool) {
        self.client = client
        self.output = output
        self.name = name
        self.skipsRefused = skipsRefused
    }

    /// Sends a line, or keeps it until there are enough.
    mutating func add(_ line: Line) async throws {
        chunk.append(line)
        if chunk.count == Self.chunkSize { try await flush() }
    }

    /// Sends what is left, and returns when all is confirmed.
    mutating func finish() async throws {
        if !chunk.isEmpty { try await flush() }
        try await settle(isLast: true)
    }

    private mutating func flush() async throws {
        try await settle(isLast: false)
        let lines = chunk
        underWay = (lines, Task { [client] in try await client.publish(lines.map(\.message)) })
        chunk = []
    }

    /// Waits for what is under way.
    private mutating func settle(isLast: Bool) async throws {
        guard let (lines, commit) = underWay else { return }
        underWay = nil
        do {
            try await commit.value
            tell(lines)
        } catch let error as DriverError where !error.unconfirmed.isEmpty {
            var rest = Rest(lines)
            do {
                try await untangle(lines, error, &rest)
            } catch {
                tell(lines.filter { !rest.open.contains($0.number) && !rest.refused.contains($0.number) })
                throw described(error, rest, isLast: isLast)
            }
            tell(lines.filter { !rest.refused.contains($0.number) })
        } catch where hasTold {
            throw described(error, Rest(lines), isLast: isLast)
        }
    }

    /// Which lines of a chunk are not confirmed yet, and which never will be.
    private struct Rest {
        var open: Set<Int>
        var refused: Set<Int> = []
        let last: Int?

        init(_ lines: [Line]) {
            open = Set(lines.map(\.number))
            last = lines.last?.number
        }
    }

    /// A line the broker refuses, where such lines end the batch.
    private struct Refusal: Error {
        var line: Int
        var error: DriverError
    }

    /// Finds what was refused of these lines, sending the others.
    private mutating func untangle(_ lines: [Line], _ error: DriverError, _ rest: inout Rest) async throws {
        let unconfirmed = lines.filter { error.unconfirmed.contains($0.message.id) }
        rest.open.subtract(lines.map(\.number))
        rest.open.formUnion(unconfirmed.map(\.number))
        if error.code == .tryAgain { throw error }
        if !skipsRefused, let line = unconfirmed.first(where: { $0.message.id == error.subject }) {
            // The others are not sent for the sake of finding it.
            return try refuse(line, error, &rest)
        }
        guard unconfirmed.count > 1 else {
            if let line = unconfirmed.first { try refuse(line, error, &rest) }
            return
        }
        let middle = unconfirmed.count / 2
        for half in [unconfirmed[..<middle], unconfirmed[middle...]] {
            var lines: [Line] = []
            for line in half {
                if let known = refusedRoutes[line.message.route] { try refuse(line, known, &rest) } else { lines.append(line) }
            }
            do {
                try await client.publish(lines.map(\.message))
                rest.open.subtract(lines.map(\.number))
            } catch let error as DriverError where !error.unconfirmed.isEmpty {
                try await untangle(lines, error, &rest)
            }
        }
    }

    private mutating func refuse(_ line: Line, _ error: DriverError, _ rest: inout Rest) throws {
        if error.code == .configuration || error.code == .noPermission { refusedRoutes[line.message.route] = error }
        guard skipsRefused else { throw Refusal(line: line.number, error: error) }
        rest.open.remove(line.number)
        rest.refused.insert(line.number)
        hasRefused = true
        output.error("celery apply: \(name), line \(line.number): \(error.message)")
    }

    private mutating func tell(_ lines: [Line]) {
        hasTold = true
        for line in lines {
            let message = line.message
            output.record(
                ["id": .string(message.id.text), "task": .string(message.task), "new": true, "line": .int(Int64(line.number))],
                text: message.id.text)
        }
        output.flush()
    }

    private func described(_ error: any Error, _ rest: Rest, isLast: Bool) -> CommandError {
        let numbers = rest.open.sorted()
        let those = Unconfirmed.those("lines", numbers, nothingAfter: isLast ? nil : rest.last)
        if let refusal = error as? Refusal {
            var described = Report.describe(refusal.error)
            described.message = "\(name), line \(refusal.line): \(described.message)"
            if numbers != [refusal.line] || !isLast { described.message += "; not sent: \(those)" }
            if described.hint == nil { described.hint = "mend the line and send what is left, or use --skip-bad" }
            return described
        }
        var described = Report.describe(error)
        described.message += "; not confirmed: \(those)"
        if let error = error as? DriverError, Unconfirmed.isMeant(by: error) {
            described.hint =
                "the ids of confirmed lines are printed; send the others again: a line with an id of its own stays one task should the broker take it twice"
        }
        return described
    }
}
