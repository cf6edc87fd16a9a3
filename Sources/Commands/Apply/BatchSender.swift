import CeleryCore
import Client

/// Sends the messages of a batch in chunks, and prints the ids of confirmed messages in order.
///
/// A broker that refuses a message of a chunk does not always name the message. The unconfirmed
/// messages are then sent again in halves until the refused one is isolated.
struct BatchSender {
    /// A message and its line number in the file.
    struct Line {
        var number: Int
        var message: Message
    }

    /// Messages sent in one commit.
    private static let chunkSize = 5_000

    private let client: Client
    private let output: Output
    /// The name of the file in error messages.
    private let name: String
    /// Whether refused lines are reported and the remaining lines still sent.
    private let skipsRefused: Bool
    /// Whether ids are not printed.
    private let isSilent: Bool

    private var chunk: [Line] = []
    /// The chunk being committed while the next one is assembled.
    private var underWay: (lines: [Line], commit: Task<Void, any Error>)?
    /// Routes the broker refused: it would refuse every other message on the same route.
    private var refusedRoutes: [Route: DriverError] = [:]
    /// Whether a line was refused and left out.
    private(set) var hasRefused = false
    private var hasTold = false

    init(client: Client, output: Output, name: String, skipsRefused: Bool, isSilent: Bool = false) {
        self.client = client
        self.output = output
        self.name = name
        self.skipsRefused = skipsRefused
        self.isSilent = isSilent
    }

    /// Adds a line, and sends the chunk when it is full.
    mutating func add(_ line: Line) async throws {
        chunk.append(line)
        if chunk.count == Self.chunkSize { try await flush() }
    }

    /// Sends the last chunk, and returns when every message is confirmed.
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

    /// Waits for the chunk being committed, and prints its ids.
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

    /// The lines of a chunk that are not confirmed yet, and those the broker refused.
    private struct Rest {
        var open: Set<Int>
        var refused: Set<Int> = []
        let last: Int?

        init(_ lines: [Line]) {
            open = Set(lines.map(\.number))
            last = lines.last?.number
        }
    }

    /// The broker refused a line, and `skipsRefused` is off.
    private struct Refusal: Error {
        var line: Int
        var error: DriverError
    }

    /// Finds the refused lines among these, and sends the others.
    private mutating func untangle(_ lines: [Line], _ error: DriverError, _ rest: inout Rest) async throws {
        let unconfirmed = lines.filter { error.unconfirmed.contains($0.message.id) }
        rest.open.subtract(lines.map(\.number))
        rest.open.formUnion(unconfirmed.map(\.number))
        if error.code == .tryAgain { throw error }
        if !skipsRefused, let line = unconfirmed.first(where: { $0.message.id == error.subject }) {
            // The broker named the message: no need to send the others to find it.
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
        if isSilent { return }
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
            if described.hint == nil { described.hint = "correct the line and send the remaining lines, or use --skip-bad" }
            return described
        }
        var described = Report.describe(error)
        described.message += "; not confirmed: \(those)"
        if let error = error as? DriverError, Unconfirmed.isMeant(by: error) {
            described.hint =
                "the ids of confirmed lines are printed; send the others again: a line that specifies an id stays one task even if the broker accepts it twice"
        }
        return described
    }
}
