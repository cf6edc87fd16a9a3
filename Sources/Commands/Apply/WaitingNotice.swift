import Arguments
import CeleryCore
import Client

/// Says on stderr why nothing happens while a command waits for a task: its queue is paused or has no worker, or no worker of the queue
/// knows the task.
///
/// The first look is after a second, when most tasks have ended. Nothing is said that the broker cannot tell for sure: workers on
/// RabbitMQ answer when they can, so a task counts as unknown there only if every consumer of the queue has answered.
struct WaitingNotice: Sendable {
    private let output: Output
    private let client: Client
    /// `celery apply`, at the beginning of each line.
    private let command: String
    private let task: String
    private let queue: String
    /// When to look first, and how often from then on.
    private let patience: Duration
    private let interval: Duration

    /// What is missing, and what to do about it.
    struct Cause: Equatable {
        var text: String
        var hint: String?
    }

    /// - Parameter queue: the queue of the task.
    init(
        _ context: CommandContext, _ client: Client, task: String, queue: String,
        patience: Duration = .seconds(1), interval: Duration = .seconds(5)
    ) {
        output = context.output
        self.client = client
        command = "celery \(context.arguments.command?.qualifiedName ?? "apply")"
        self.task = task
        self.queue = queue
        self.patience = patience
        self.interval = interval
    }

    /// The notice for a message. `nil` if its queue is unknown, because an exchange chooses it.
    init?(_ context: CommandContext, _ client: Client, _ message: Message) {
        guard message.route.exchange == nil else { return nil }
        self.init(context, client, task: message.task, queue: message.route.queue)
    }

    /// Runs a body that waits, and tells meanwhile what it waits for in vain. Each cause is told once.
    func during<Value>(_ wait: () async throws -> Value) async throws -> Value {
        let watch = Task { await self.watch() }
        defer { watch.cancel() }
        return try await wait()
    }

    private func watch() async {
        var told: Cause?
        var pause = patience
        while (try? await Task.sleep(for: pause)) != nil {
            pause = interval
            guard let cause = await cause(), cause != told, !Task.isCancelled else { continue }
            told = cause
            // A progress bar may be on the line.
            if output.errorIsTerminal, !output.isQuiet { output.passOn("\r\u{1B}[K") }
            output.note("\(command): waiting: \(cause.text)")
            if let hint = cause.hint { output.note("hint: \(hint)") }
        }
    }

    /// What is missing at the moment; `nil` if nothing is known to be.
    func cause() async -> Cause? {
        let broker = client.broker
        do {
            if let pause = try await (broker as? any QueuePausing)?.pausedQueues()[queue], pause.holds(at: .now) {
                let end = pause.until.map { " until \(LocalTime.text($0))" } ?? ""
                return Cause(text: "queue '\(shown)' is paused\(end)", hint: "celery queues resume \(ShellWord.quoted(queue)) lets workers go on")
            }
            let listing = broker as? any WorkerListing
            let count = try await (broker as? any QueueCounting)?.count(of: queue)
            if let listing, listing.knowsWorkers {
                let workers = try await listing.workers()
                let consuming = workers.filter { $0.queues.contains(queue) }
                guard consuming.isEmpty else { return unknownTask(to: consuming, of: consuming.count) }
                // A worker that consumes no more may still run what it has.
                return count?.running ?? 0 == 0 ? noWorker(workers.count) : nil
            }
            guard let count, count.trouble == nil else { return nil }
            if count.consumers == 0 { return noWorker(nil) }
            guard let workers = try await listing?.workers().filter({ $0.queues.contains(queue) }) else { return nil }
            return unknownTask(to: workers, of: count.consumers)
        } catch {
            // The wait itself ends with an error if the broker is gone.
            return nil
        }
    }

    private func noWorker(_ living: Int?) -> Cause {
        let alive = living.map { $0 == 0 ? ": no worker is alive" : " (\($0) \($0 == 1 ? "worker is" : "workers are") alive)" } ?? ""
        let isServed = client.settings.queues.contains(queue)
        return Cause(
            text: "no worker consumes queue '\(shown)'\(alive)",
            hint: "start one with celery celeryd" + (isServed ? "" : " -Q \(ShellWord.quoted(queue))"))
    }

    private func unknownTask(to workers: [WorkerReport], of consumers: Int) -> Cause? {
        // A worker that has just begun has yet to say which tasks it has.
        guard workers.count >= consumers, workers.allSatisfy({ !$0.tasks.isEmpty && !$0.tasks.contains(task) }) else { return nil }
        return Cause(
            text: "no worker of queue '\(shown)' knows task '\(task.forLog)'", hint: "celery tasks --remote lists what workers know")
    }

    private var shown: String { queue.forLog }
}
