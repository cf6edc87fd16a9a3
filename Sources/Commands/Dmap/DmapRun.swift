import Tasks
import Arguments
import CeleryCore
import Client
import Logging
import Worker

/// Runs a dmap from the first item to the last result.
final class DmapRun {
    private let context: CommandContext
    private let arguments: ParsedArguments
    private var bar: ProgressBar
    private var jobLog: JobLog?
    /// Submitted items without a result, by id.
    private var items: [TaskID: DmapItems.Item] = [:]
    /// Ids in the order of their items.
    private var order: [TaskID] = []
    /// Results not yet printed, as an earlier one is missing.
    private var held: [TaskID: TaskResult] = [:]
    private var printed = 0
    private var done = 0
    private var failed = 0

    init(context: CommandContext) {
        self.context = context
        arguments = context.arguments
        bar = ProgressBar(output: context.output, wish: context.arguments[DmapOptions.bar])
    }

    /// Runs a dmap; with --jobs, beside a local pool that stops with the map.
    static func run(_ context: CommandContext) async throws -> Int32 {
        let plan = try await DmapPlan(context)
        guard let size = context.arguments[DmapOptions.jobs] else { return try await DmapRun(context: context).run(plan) }
        return try await LocalPool.start(size, context, plan).serve { try await DmapRun(context: context).run(plan) }
    }

    private func run(_ plan: DmapPlan) async throws -> Int32 {
        defer { bar.clear() }
        try await submit(plan.task, plan.options, plan.taskOptions, plan.client)
        // A pool of our own has the queue as soon as it has begun, and an exchange chooses a queue we do not know.
        guard arguments[DmapOptions.jobs] == nil, plan.options.exchange == nil else { return try await collect(plan.client, plan.deadline) }
        let notice = WaitingNotice(context, plan.client, task: plan.task, queue: plan.queue)
        return try await notice.during { try await collect(plan.client, plan.deadline) }
    }

    /// Submits the items in chunks.
    private func submit(_ name: String, _ options: SendOptions, _ task: TaskOptions?, _ client: Client) async throws {
        let items = try DmapItems(
            words: arguments.operands.indices.dropFirst().map { arguments.bytes(ofOperand: $0) }, isJSONLines: arguments[DmapOptions.jsonLines],
            isRaw: arguments[DmapOptions.raw])
        let finished = try openJobLog(client.settings)
        let groupID = TaskID().text
        var chunk: [Message] = []
        while let item = try items.next() {
            try Task.checkCancellation()
            let earlier = finished[JobLog.Key(number: item.number, text: item.text)]
            if let earlier, earlier == ExitCode.done || !arguments[DmapOptions.retryFailed] { continue }
            var options = options
            options.groupID = groupID
            options.groupIndex = item.number - 1
            let message = client.factory.message(name, args: item.args, kwargs: item.kwargs, options: options, task: task)
            self.items[message.id] = item
            order.append(message.id)
            chunk.append(message)
            if chunk.count == arguments[DmapOptions.chunk] {
                try await publish(chunk, isLast: false, client)
                chunk = []
            }
        }
        if !chunk.isEmpty { try await publish(chunk, isLast: true, client) }
    }

    /// Sends a chunk. The error names unconfirmed items.
    private func publish(_ chunk: [Message], isLast: Bool, _ client: Client) async throws {
        do {
            try await client.publish(chunk)
        } catch let error as DriverError where !error.unconfirmed.isEmpty {
            var described = Report.describe(error)
            let numbers = error.unconfirmed.compactMap { items[$0]?.number }.sorted()
            let last = chunk.last.flatMap { items[$0.id]?.number }
            described.message += "; not confirmed: " + Unconfirmed.those("items", numbers, nothingAfter: isLast ? nil : last)
            if order.count > numbers.count, described.hint == nil {
                described.hint = "the other items run, but their results are not printed; map the unconfirmed items again"
            }
            throw described
        }
    }

    private func openJobLog(_ settings: Settings) throws -> [JobLog.Key: Int32] {
        let isResumed = arguments[DmapOptions.resume] || arguments[DmapOptions.retryFailed]
        guard let path = arguments[DmapOptions.jobLog] else {
            if isResumed { throw ArgumentError("--resume and --retry-failed need --joblog") }
            return [:]
        }
        let log = try JobLog(path: path, isResumed: isResumed, group: try FileGroup.number(settings))
        jobLog = log
        return isResumed ? try log.finished() : [:]
    }

    /// Waits for results and prints them.
    private func collect(_ client: Client, _ deadline: ContinuousClock.Instant?) async throws -> Int32 {
        let halt = arguments[DmapOptions.halt]
        bar.update(done: 0, failed: 0, total: order.count)
        let timeout = deadline.map { max(.zero, $0 - .now) }
        do {
            let unfinished = try await client.wait(for: order, timeout: timeout) { result in
                try take(result)
                if let halt, halt.isReached(failures: failed, total: order.count) { throw Halted() }
            }
            if !unfinished.isEmpty {
                bar.clear()
                printHeld(all: true)
                if !unfinished.gone.isEmpty {
                    throw CommandError(
                        ExitCode.unknown, "the results of \(unfinished.gone.count) of \(order.count) items are not stored",
                        hint: "they were erased, or results are ignored (ignore_result, CELERY_IGNORE_RESULT)")
                }
                context.output.error("celery dmap: timed out; \(unfinished.late.count) of \(order.count) items are not done")
                return ExitCode.timedOut
            }
        } catch is Halted {
            try await stopEarly(client, halt)
        }
        printHeld(all: true)
        return Int32(min(failed, 101))
    }

    /// The halt condition is reached.
    private struct Halted: Error {}

    /// `now` abandons the remaining items; `soon` waits for the running ones.
    private func stopEarly(_ client: Client, _ halt: Halt?) async throws {
        let open = order.filter { items[$0] != nil }
        let withdrawn = try await (client.broker as? any MessageWithdrawing)?.withdraw(open) ?? []
        let running = open.filter { !withdrawn.contains($0) }
        bar.clear()
        context.output.error(
            "celery dmap: stopped after \(failed) failure\(failed == 1 ? "" : "s"); \(withdrawn.count) items were dropped"
                + (running.isEmpty ? "" : ", \(running.count) are running"))
        if halt?.isNow == false { _ = try await client.wait(for: running, timeout: nil) { try take($0) } }
    }

    private func take(_ result: TaskResult) throws {
        guard let item = items.removeValue(forKey: result.id) else { return }
        done += 1
        let status = ExitCode.of(result)
        if status != ExitCode.done { failed += 1 }
        try jobLog?.append(item.number, result, status: status, text: item.text)
        shown[result.id] = item
        held[result.id] = result
        if arguments[DmapOptions.unordered] {
            print(result)
        } else {
            printHeld(all: false)
        }
        // Let the reader of a pipe see each result immediately.
        context.output.flush()
        bar.update(done: done, failed: failed, total: order.count)
    }

    /// Items with a result that is not printed yet.
    private var shown: [TaskID: DmapItems.Item] = [:]

    /// Prints the results that are next in order; with `all`, also those after a gap.
    private func printHeld(all: Bool) {
        while printed < order.count {
            if let result = held[order[printed]] {
                print(result)
            } else if !all && !isPrinted(order[printed]) {
                return
            }
            printed += 1
        }
    }

    private func isPrinted(_ id: TaskID) -> Bool { items[id] == nil && held[id] == nil }

    private func print(_ result: TaskResult) {
        held[result.id] = nil
        guard let item = shown.removeValue(forKey: result.id) else { return }
        switch context.output.format {
        case .json:
            var object: JSONObject = ["item": .int(Int64(item.number)), "input": item.input]
            for (key, value) in ResultPrinter.object(result).members { object[key] = value }
            context.output.object(object)
        case .text:
            if result.state == .success {
                context.output.raw(bytes: ResultPrinter.bytes(of: result.value))
            } else {
                bar.clear()
                let failure = result.failure.map { "\($0.type): \($0.message)" } ?? result.state.name
                context.output.error("celery dmap: item \(item.number) (\(ArgumentError.quote(item.text, limit: 40))): \(failure)")
            }
        }
    }
}
