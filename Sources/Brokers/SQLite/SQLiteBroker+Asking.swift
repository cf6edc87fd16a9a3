package import CeleryCore
import CeleryDB
import Wire

extension SQLiteBroker: WorkerAsking {
    package func ask(
        _ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration
    ) async throws -> WorkerAnswers {
        let deadline = ContinuousClock.now + limit
        let expires = now() + limit
        let messages = requests.map { ControlMessage($0, to: workers, ticket: TaskID().text, replyKey: "", expires: expires) }
        let tickets = messages.compactMap(\.ticket)
        var expected = try await send(messages)
        var found: [[Int64: WorkerAnswers.Answer]] = []
        while true {
            let generation = file.watch.generation
            let now = self.now()
            let (answers, living) = try await file.read { [self] db in
                (
                    try tickets.map { try ControlTable.answers(to: $0, in: db) },
                    Set(try WorkerTable.all(in: db).filter { !isDead($0.row, now: now) }.map(\.row.number))
                )
            }
            found = answers
            // A worker that left meanwhile owes no answer.
            expected = expected.filter { number, _ in living.contains(number) || answers.contains { $0[number] != nil } }
            let isComplete = answers.allSatisfy { answers in expected.keys.allSatisfy { answers[$0] != nil } }
            if isComplete || .now >= deadline || Task.isCancelled { break }
            await file.watch.wait(since: generation, until: min(deadline, .now + .seconds(1)))
        }
        _ = try? await file.write(durable: false) { try ControlTable.remove(tickets, in: $0) }
        try Task.checkCancellation()
        return answers(found, expected, workers)
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        _ = try await send([ControlMessage(request, to: workers)])
    }

    /// Stores requests. Returns the addressed workers by number.
    private func send(_ messages: [ControlMessage]) async throws -> [Int64: String] {
        guard let first = messages.first else { return [:] }
        return try await file.write(waking: true, durable: false) { [self] db in
            let now = self.now()
            try ControlTable.add(messages, now: now, in: db)
            let living = try WorkerTable.all(in: db).filter { !isDead($0.row, now: now) && first.isFor($0.row.name) }
            return Dictionary(uniqueKeysWithValues: living.map { ($0.row.number, $0.row.name) })
        }
    }

    private func answers(
        _ found: [[Int64: WorkerAnswers.Answer]], _ expected: [Int64: String], _ workers: WorkerChoice
    ) -> WorkerAnswers {
        var answers = WorkerAnswers(count: 0)
        answers.answers = found.map { $0.sorted { $0.key < $1.key }.map(\.value) }
        var silent = expected.filter { number, _ in found.contains { $0[number] == nil } }.map(\.value)
        let living = Set(expected.values)
        silent += (workers.names ?? []).filter { !living.contains($0) }
        answers.silent = silent.distinct.sorted()
        return answers
    }
}
