import CeleryCore
import Client
import Processes
import Wire

/// The list of live and lost workers that `celery status` prints. On a terminal, the workers are one table and their tasks another.
struct WorkerList {
    let context: CommandContext

    func print(_ client: Client) async throws -> Int32 {
        guard let listing = client.broker as? any WorkerListing else {
            throw DriverError.lacks("list workers", client.broker.location)
        }
        let workers = try await listing.workers()
        let lost = try await (client.broker as? any LossTelling)?.lostWorkers() ?? LostWorkers([])
        let now = Timestamp.now
        let commands = try await CommandTitle.running(workers, client)
        let names = Set(workers.map(\.name))
        let gone = lost.workers.filter { !names.contains($0.name) }
        if context.output.format == .text, context.output.isTerminal {
            for line in Self.tables(workers, gone, commands, now, width: TerminalSize.columns) { context.output.line(line) }
        } else {
            for worker in workers { context.output.record(object(worker, commands), text: text(worker, commands, now)) }
            for worker in gone { context.output.record(object(worker), text: text(worker, now)) }
        }
        if let gap = lost.gap { context.output.note("celery status: \(gap)") }
        if workers.isEmpty {
            await sayNoneIsAlive(client.broker, isKnown: listing.knowsWorkers)
            return ExitCode.unreachable
        }
        return ExitCode.done
    }

    /// The lines for a terminal of this width.
    static func tables(_ workers: [WorkerReport], _ lost: [LostWorker], _ commands: [TaskID: String], _ now: Timestamp, width: Int) -> [String] {
        var table = Table(["worker", "pid", "running", "up", "queues"])
        for worker in workers {
            table.add([worker.name, "\(worker.pid)", "\(worker.running.count)", age(worker.started, now), worker.queues.joined(separator: ",")])
        }
        for worker in lost {
            table.add([worker.name, "\(worker.pid)", "-", "lost \(age(worker.lost, now)) ago", worker.queues.joined(separator: ",")])
        }
        let hasCommands = workers.contains { $0.running.contains { commands[$0.id] != nil } }
        var tasks = Table(["id", "task", "worker", "attempt", "since"] + (hasCommands ? ["command"] : []))
        for worker in workers {
            for task in worker.running {
                tasks.add(
                    [task.id.text, task.task, worker.name, "\(task.attempt)", age(task.started, now)] + (commands[task.id].map { [$0] } ?? []))
            }
        }
        let running = tasks.lines(width: width)
        return table.lines(width: width) + (running.isEmpty ? [] : [""] + running)
    }

    private func sayNoneIsAlive(_ broker: any Broker, isKnown: Bool) async {
        if isKnown { return context.output.note("celery status: no worker is alive on \(broker.location)") }
        context.output.note("celery status: no worker has answered within a second on \(broker.location), which cannot list them")
        let counts = try? await (broker as? any QueueCounting)?.queues()
        let consumed = (counts ?? []).filter { $0.trouble == nil && $0.consumers > 0 }
        guard !consumed.isEmpty else { return }
        let text = consumed.map { "\($0.name) (\($0.consumers))" }.joined(separator: ", ")
        context.output.note("hint: these queues have consumers, which may be workers too busy to answer: \(text)")
    }

    private func text(_ worker: LostWorker, _ now: Timestamp) -> String {
        [
            worker.name, "lost \(Self.age(worker.lost, now)) ago", "pid \(worker.pid)",
            "queues \(worker.queues.joined(separator: ","))",
        ].row
    }

    private func object(_ worker: LostWorker) -> JSONObject {
        [
            "worker": .string(worker.name), "pid": .int(Int64(worker.pid)), "queues": .array(worker.queues.map(JSON.string)),
            "started": .string(ISO8601.text(worker.started)), "running": [], "lost": .string(ISO8601.text(worker.lost)),
        ]
    }

    private func text(_ worker: WorkerReport, _ commands: [TaskID: String], _ now: Timestamp) -> String {
        var lines = [
            [
                worker.name, "pid \(worker.pid)", "queues \(worker.queues.joined(separator: ","))",
                "up \(Self.age(worker.started, now))", "running \(worker.running.count)",
            ].row
        ]
        lines += worker.running.map { (["  \($0.task)[\($0.id)]", "attempt \($0.attempt)", "since \(Self.age($0.started, now))"] + (commands[$0.id].map { [$0] } ?? [])).row }
        return lines.joined(separator: "\n")
    }

    static func age(_ start: Timestamp, _ now: Timestamp) -> String {
        // The start time is untrusted.
        let seconds = Int(max(0, (now.seconds - start.seconds).possibleSeconds))
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3_600 { return "\(seconds / 60)m\(seconds % 60)s" }
        if seconds < 86_400 { return "\(seconds / 3_600)h\(seconds % 3_600 / 60)m" }
        return "\(seconds / 86_400)d\(seconds % 86_400 / 3_600)h"
    }

    private func object(_ worker: WorkerReport, _ commands: [TaskID: String]) -> JSONObject {
        [
            "worker": .string(worker.name), "pid": .int(Int64(worker.pid)),
            "queues": .array(worker.queues.map(JSON.string)), "started": .string(ISO8601.text(worker.started)),
            "running": .array(
                worker.running.map {
                    .object([
                        "id": .string($0.id.text), "task": .string($0.task), "attempt": .int(Int64($0.attempt)),
                        "started": .string(ISO8601.text($0.started)), "command": commands[$0.id].map(JSON.string) ?? .null,
                    ])
                }), "lost": .null,
        ]
    }
}
