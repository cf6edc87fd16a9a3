import CeleryCore
import Client

/// One task-set on the command line.
struct TaskSetView {
    let record: TaskSetRecord
    let client: Client
    let context: CommandContext


    /// `nil` while more are being submitted.
    private(set) var total: Int?

    init(record: TaskSetRecord, client: Client, context: CommandContext) {
        self.record = record
        self.client = client
        self.context = context
        total = record.total
    }

    // MARK: Counts

    func print(_ counts: [TaskState: Int]) {
        switch context.output.format {
        case .json:
            var object = Self.object(record, TaskSetCounts(counts, total: total))
            object["counts"] = .object(JSONObject(Self.sorted(counts).map { ($0.key.name, .int(Int64($0.value))) }))
            context.output.object(object)
        case .text:
            let rows = [["TOTAL", total.map(String.init) ?? "-"]] + Self.sorted(counts).map { [$0.key.name.inOneLine, "\($0.value)"] }
            context.output.table(rows, ["state", "count"], fields: { $0 }, object: { _ in [:] })
        }
    }

    static func object(_ set: TaskSetRecord, _ counts: TaskSetCounts) -> JSONObject {
        [
            "id": .string(set.id), "total": set.total.map { .int(Int64($0)) } ?? .null, "created": .string(ISO8601.text(set.created)),
            "done": .int(Int64(counts.done)), "failed": .int(Int64(counts.failed)),
        ]
    }

    private static func sorted(_ counts: [TaskState: Int]) -> [(key: TaskState, value: Int)] {
        counts.filter { $0.value > 0 }.sorted { $0.key.name < $1.key.name }
    }

    // MARK: Waiting

    /// Waits until all members are finished.
    ///
    /// - Returns: `false` when time was over first.
    mutating func wait(timeout: Duration?, bar wish: Bool?) async throws -> Bool {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        let watching = try client.store as? any ResultWatching
        var bar = ProgressBar(output: context.output, wish: wish)
        defer { bar.clear() }
        var first: (done: Int, time: ContinuousClock.Instant)?
        while true {
            let mark = await watching?.mark()
            total = try await client.taskSets.taskSet(record.id)?.total ?? total
            let counts = TaskSetCounts(try await client.counts(of: record), total: total)
            let start = first ?? (counts.done, .now)
            first = start
            let seconds = (ContinuousClock.now - start.time).inSeconds
            bar.update(DmapProgress(
                done: counts.done, failed: counts.failed, total: total,
                rate: seconds > 1 ? Double(counts.done - start.done) / seconds : 0))
            if counts.isFinished { return true }
            if let deadline, deadline <= .now { return false }
            // Changes may come by the thousand; a look at each would take more than it tells.
            try await Task.sleep(for: .milliseconds(100))
            let look = deadline.map { min($0, .now + .seconds(1)) } ?? .now + .seconds(1)
            if let watching, let mark {
                try await watching.waitForChange(since: mark, until: look)
            } else {
                try await Task.sleep(until: look)
            }
        }
    }

    // MARK: Results

    /// Prints the results of all members in order; those that failed, or have none, on stderr.
    func printResults() async throws {
        for numbers in record.pieces(total ?? 0) {
            let ids = record.ids(numbers)
            let results = try await client.store.results(for: ids)
            for (number, id) in zip(numbers, ids) {
                guard let result = results[id], result.state.isReady else {
                    context.output.error("celery taskset: task \(number) (\(id)): not finished, or its result is not stored")
                    continue
                }
                show(result, number)
            }
        }
    }

    private func show(_ result: TaskResult, _ number: Int) {
        switch context.output.format {
        case .json:
            var object: JSONObject = ["task": .string(result.id.text), "number": .int(Int64(number))]
            for (key, value) in ResultPrinter.object(result).members where key != "id" && key != "task" { object[key] = value }
            context.output.object(object)
        case .text where result.state == .success: context.output.raw(bytes: ResultPrinter.bytes(of: result.value))
        case .text:
            let failure = result.failure.map { $0.message.isEmpty ? $0.type : "\($0.type): \($0.message)" } ?? result.state.name
            context.output.error("celery taskset: task \(number) (\(result.id)): \(failure)")
        }
    }

    // MARK: Revoking

    /// Revokes the members that are not finished, some at a time, and says how many there were.
    func revoke(isTerminating: Bool) async throws {
        var revoked = 0
        var running = 0
        for numbers in record.pieces(total ?? 0) {
            let piece = try await client.revokeOpen(record.ids(numbers), isTerminating: isTerminating, as: "taskset@%h")
            revoked += piece.revoked
            running += piece.held
        }
        context.output.note(
            "celery taskset: revoked \(revoked) task\(revoked == 1 ? "" : "s")"
                + (running == 0 ? "" : ", \(running) of which \(isTerminating ? "were" : "are") running"))
    }
}
