import Arguments
import CeleryCore
import Client
import Worker

/// Runs a dmap from the first item to the last result.
///
/// A pipeline of parts, each at its own pace; this actor starts their steps and reacts to what they report:
///
///     reader ──▶ submitter ──▶ broker … workers … result store ──▶ follower ──▶ window ──▶ writer ──▶ forgotten
///       ▲                                                                          │
///       └── as many items as the limit in flight and the window admit ◀────────────┘
///
/// An interruption closes the reader and withdraws what is at the broker; what runs is waited for (`DmapRun+Stopping`).
actor DmapRun {
    let context: CommandContext
    let plan: DmapPlan
    let parts: DmapParts
    let pool: LocalPool?
    let post: @Sendable (DmapEvent) -> Void
    private let events: AsyncStream<DmapEvent>
    let isDetached: Bool
    let keeps: Bool

    /// Items that were read and have no result.
    var open: [Int: DmapItem] = [:]
    var window: ResultWindow<PrintedItem>
    var inFlight: InFlight
    var progress = DmapProgress()
    /// Items read so far.
    var count = 0
    var isAtEnd = false
    /// The number of the last item that was read.
    var lastRead = 0
    var isReading = false
    var nextSend: ContinuousClock.Instant?
    /// Batches on their way to the broker.
    var sending = 0
    private var lastSending: Task<Void, Never>?
    var ready: [PrintedItem] = []
    var isWriting = false
    var printed: [TaskID] = []
    var isForgetting = false
    var lastForgetting = ContinuousClock.now
    /// Why and how far the dmap is being stopped; `nil` while it runs.
    var stopping: Stopping?
    var isPoolStopped: Bool

    /// How often the clock is looked at.
    private static let tick: Duration = .milliseconds(250)

    private init(
        _ context: CommandContext, _ plan: DmapPlan, _ parts: DmapParts, _ pool: LocalPool?,
        _ stream: (events: AsyncStream<DmapEvent>, post: @Sendable (DmapEvent) -> Void)
    ) {
        self.context = context
        self.plan = plan
        self.parts = parts
        self.pool = pool
        (events, post) = stream
        let arguments = context.arguments
        isDetached = arguments[DmapOptions.detach]
        keeps = arguments[DmapOptions.keep]
        window = ResultWindow(isOrdered: !arguments[DmapOptions.unordered])
        inFlight = InFlight(fixed: arguments[DmapOptions.inFlight], children: arguments[DmapOptions.jobs])
        isPoolStopped = pool == nil
        printed = keeps ? [] : parts.printed
    }

    /// Runs a dmap; with --jobs, beside a local pool that stops with it.
    static func run(_ context: CommandContext, _ interruptions: Interruptions) async throws -> Int32 {
        let (events, continuation) = AsyncStream.makeStream(of: DmapEvent.self)
        let post: @Sendable (DmapEvent) -> Void = { continuation.yield($0) }
        interruptions.watch(post)
        let plan = try await DmapPlan(context)
        let parts = try await DmapParts(context, plan)
        let pool: LocalPool? =
            if let size = context.arguments[DmapOptions.jobs] { try await LocalPool.start(size, context, plan) } else { nil }
        return try await DmapRun(context, plan, parts, pool, (events, post)).run()
    }

    private func run() async throws -> Int32 {
        let background = startBackground()
        defer { for task in background { task.cancel() } }
        pool?.watch(post)
        advance()
        for await event in events {
            await handle(event)
            advance()
            if isOver { break }
        }
        return try await finish()
    }

    /// The follower, the clock and the deadline.
    private func startBackground() -> [Task<Void, Never>] {
        var tasks = [
            Task { [post] in
                while (try? await Task.sleep(for: Self.tick)) != nil { post(.tick) }
            }
        ]
        if !isDetached {
            tasks.append(
                Task { [post, follower = parts.follower] in
                    do {
                        while true { post(.news(try await follower.next())) }
                    } catch is CancellationError {
                    } catch {
                        post(.failed(error))
                    }
                })
        }
        // A pool of our own has the queue as soon as it has begun, and an exchange chooses a queue we do not know.
        if !isDetached, pool == nil, plan.options.exchange == nil {
            tasks.append(Task { [notice = WaitingNotice(context, plan.client, task: plan.task, queue: plan.queue)] in await notice.watch() })
        }
        if let deadline = plan.deadline {
            tasks.append(Task { [post] in if (try? await Task.sleep(until: deadline)) != nil { post(.timedOut) } })
        }
        return tasks
    }

    // MARK: What the parts report

    private func handle(_ event: DmapEvent) async {
        switch event {
        case .read(let batch): take(batch)
        case .sent(let count):
            sending -= 1
            if isDetached { progress.done += count }
        case .notSent(let items, let error):
            sending -= 1
            for item in items { remove(item.number) }
            stop(.failure(described(error, items)))
        case .news(let news): take(news)
        case .written(let ids):
            isWriting = false
            if !keeps { printed += ids }
        case .notWritten(let error):
            isWriting = false
            stop(error is ItemWriter.ReaderGone ? .outputClosed : .failure(error))
        case .forgotten: isForgetting = false
        case .tick:
            note(finished: 0)
            Task { [writer = parts.writer, progress] in await writer.draw(progress) }
        case .timedOut: stop(.timeout)
        case .interrupted(let signal): stop(.signal(signal))
        case .outputClosed: if !isPrinted { stop(.outputClosed) }
        case .failed(let error): stop(.failure(error))
        case .withdrawn(let ids): noteWithdrawn(ids)
        case .revoked: stopping?.isRevoked = true
        case .poolStopped: notePoolStopped()
        }
    }

    private func take(_ batch: ItemReader.Batch) {
        isReading = false
        // What is read after an interruption was never sent.
        guard stopping == nil else { return }
        isAtEnd = batch.isAtEnd
        count += batch.items.count
        progress.total = batch.total.map { max($0 - skipped(batch.skipped), count) }
        guard let last = batch.items.last else { return }
        lastRead = last.number
        if !isDetached {
            for item in batch.items {
                open[item.number] = item
                window.enter(item.number)
            }
        }
        if let delay = context.arguments[DmapOptions.delay] { nextSend = .now + delay }
        send(batch.items)
    }

    /// Items left out so far, as the job log lists them.
    private var leftOut = 0
    private func skipped(_ more: Int) -> Int {
        leftOut += more
        return leftOut
    }

    /// Sends items after those that are being sent.
    private func send(_ items: [DmapItem]) {
        sending += 1
        lastSending = Task { [post, submitter = parts.submitter, lastSending] in
            await lastSending?.value
            do {
                let results = try await submitter.submit(items)
                if !results.isEmpty { post(.news(MemberFollower.News(results: results))) }
                post(.sent(count: items.count))
            } catch {
                post(.notSent(items, error))
            }
        }
    }

    private func take(_ news: MemberFollower.News) {
        for result in news.results {
            guard let number = SetNumbering.number(of: result.id.text), let item = open[number] else { continue }
            // What we have revoked ourselves.
            if stopping != nil, result.state == .revoked {
                stopping?.withdrawn += 1
                remove(number)
                continue
            }
            open[number] = nil
            progress.done += 1
            if ExitCode.of(result) != ExitCode.done { progress.failed += 1 }
            ready += window.add(parts.printer.print(item, result))
        }
        note(finished: news.results.count)
        if !news.gone.isEmpty, stopping == nil {
            stop(.failure(CommandError(
                ExitCode.unknown, "the results of \(news.gone.count) of \(count) items are not stored",
                hint: "they were erased, or results are ignored (ignore_result, CELERY_IGNORE_RESULT)")))
        }
        let isComplete = isAtEnd || progress.total != nil
        if let halt = context.arguments[DmapOptions.halt], stopping == nil,
            halt.isReached(failures: progress.failed, total: isComplete ? progress.total : nil, done: progress.done) {
            stop(.halt(isNow: halt.isNow))
        }
    }

    private func note(finished: Int) {
        inFlight.note(finished)
        progress.rate = inFlight.rate
    }

    /// Removes an item that will have no result.
    ///
    /// With a job log, a resumed dmap will have one, and those after it wait for that in the result store.
    func remove(_ number: Int) {
        open[number] = nil
        if !parts.isLogged { ready += window.remove(number) }
    }

    /// Items that the broker did not confirm, with their numbers.
    private func described(_ error: any Error, _ items: [DmapItem]) -> any Error {
        guard let error = error as? DriverError, !error.unconfirmed.isEmpty else { return error }
        var described = Report.describe(error)
        let numbers = items.map(\.number).filter { number in
            error.unconfirmed.contains { SetNumbering.number(of: $0.text) == number }
        }
        let last = items.last?.number
        described.message += "; not confirmed: " + Unconfirmed.those("items", numbers, nothingAfter: isAtEnd && last == lastRead ? nil : last)
        return described
    }
}

/// The input cannot be read, or a line is not an item.
struct InputFailure: Error {
    var error: any Error
}
