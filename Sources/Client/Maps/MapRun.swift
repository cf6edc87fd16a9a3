import CeleryCore

/// One run of a map, from the first input to the last result.
///
///     inputs ──▶ outbox ──▶ broker … workers … result store ──▶ follower ──▶ window ──▶ next() ──▶ forgotten
///       ▲                                                                      │
///       └── as many as the limit in flight and the window admit ◀──────────────┘
///
/// Three Swift tasks read, send and follow; whoever waits for one of them is woken by `advance`.
actor MapRun: MapFeeding {
    private let plan: MapPlan
    nonisolated let client: Client
    private let set = SetNumbering()
    private let follower: MemberFollower

    /// The tasks that read and follow; they may be interrupted at any time.
    private var work: [Task<Void, Never>] = []
    /// Never interrupted: what became of a message would be unknown.
    private var sender: Task<Void, Never>?
    /// Inputs read so far.
    private var count = 0
    private var isAtEnd = false
    /// Inputs that were read and are not being sent.
    private var outbox: [(number: Int, arguments: TaskArguments)] = []
    /// Inputs that were read and have no result.
    private var open: Set<Int> = []
    private var inFlight: InFlight
    private var window: ResultWindow<MappedItem>
    /// Results to be taken: the first is the last of `leaving`, and after these come those of `ready`.
    private var leaving: [MappedItem] = []
    private var ready: [MappedItem] = []
    private var readyBytes = 0
    /// Tasks whose results were taken.
    private var taken: [TaskID] = []
    private var forgetting: Task<Void, Never>?
    private var lastForgetting = ContinuousClock.now

    /// Why the map ends early.
    private var error: (any Error)?
    private var isStopped = false
    private var ending: Task<Void, Never>?

    private var roomWaiter: CheckedContinuation<Void, Never>?
    private var sendWaiter: CheckedContinuation<Void, Never>?
    private var resultWaiter: CheckedContinuation<Void, Never>?

    /// How long a map that failed tries to withdraw its messages from a broker that may be the cause.
    private static let patience: Duration = .seconds(3)

    init(_ plan: MapPlan) {
        self.plan = plan
        client = plan.client
        follower = MemberFollower(client: plan.client)
        inFlight = InFlight(fixed: plan.inFlight.map { max(1, $0) }, children: nil)
        window = ResultWindow(isOrdered: plan.isOrdered)
    }

    // MARK: Results

    /// The next result; `nil` after the last. One caller at a time.
    ///
    /// - Throws: `DriverError`, what the inputs throw, `CancellationError`. Messages that nobody has begun are withdrawn before,
    ///   unless the broker or the store is the trouble.
    func next() async throws -> MappedItem? {
        begin()
        while true {
            if let item = takeReady() {
                advance()
                return item
            }
            if let error {
                if !(error is DriverError) { await ending?.value }
                throw error
            }
            if isStopped { return nil }
            if isDone {
                try await finish()
                return nil
            }
            await withCheckedContinuation { resultWaiter = $0 }
        }
    }

    private func takeReady() -> MappedItem? {
        if error is CancellationError { return nil }
        if leaving.isEmpty {
            leaving = ready.reversed()
            ready = []
        }
        guard let item = leaving.popLast() else { return nil }
        readyBytes -= item.byteCount
        if !plan.keepsResults, item.result != nil { taken.append(item.id) }
        forget()
        return item
    }

    /// Whether every result was taken.
    private var isDone: Bool { isAtEnd && open.isEmpty && leaving.isEmpty && ready.isEmpty }

    private func finish() async throws {
        isStopped = true
        for task in work { task.cancel() }
        advance()
        await sender?.value
        await forgetting?.value
        if count > 0, plan.keepsResults { try await keepSet(total: count) }
        // Of a set whose results are deleted, nothing is left to see.
        if !plan.keepsResults { try await client.forgetTaskSet(set.id) }
        if !taken.isEmpty { _ = try await client.store.forget(taken) }
        taken = []
    }

    /// Deletes results that were taken, some at a time.
    private func forget() {
        guard forgetting == nil, !taken.isEmpty else { return }
        guard MapPace.isTime(toForget: taken.count, since: lastForgetting) else { return }
        lastForgetting = .now
        let ids = taken
        taken = []
        forgetting = Task {
            do {
                _ = try await client.store.forget(ids)
            } catch {
                fail(error)
            }
            forgetting = nil
        }
    }

    // MARK: Work

    private func begin() {
        guard work.isEmpty, !isStopped else { return }
        sender = Task { await sendAll() }
        work = [Task { await read() }, Task { await follow() }]
    }

    private func read() async {
        do {
            try await plan.inputs.feed(self)
            if !isStopped { isAtEnd = true }
            advance()
        } catch {
            fail(error)
        }
    }

    func room() async -> Int {
        while !isStopped {
            if window.heldBytes + readyBytes < MapPace.mostHeld {
                let most = MapPace.window(inFlight: inFlight.limit)
                let room = min(inFlight.room(open: open.count), most - window.count - ready.count - leaving.count)
                if room > 0 { return room }
            }
            await withCheckedContinuation { roomWaiter = $0 }
        }
        return 0
    }

    func take(_ arguments: TaskArguments) {
        guard !isStopped else { return }
        count += 1
        open.insert(count)
        window.enter(count)
        outbox.append((count, arguments))
        Self.wake(&sendWaiter)
    }

    /// Sends what has gathered while the batch before was on its way.
    private func sendAll() async {
        do {
            while true {
                while outbox.isEmpty {
                    if isAtEnd || isStopped { return }
                    await withCheckedContinuation { sendWaiter = $0 }
                }
                // What was read and is not being sent when the map is stopped is not sent.
                if isStopped { return }
                let items = outbox.prefix(MapPace.batch)
                outbox.removeFirst(items.count)
                if items.first?.number == 1 { try await keepSet(total: nil) }
                let messages = items.map { plan.message($0.number, $0.arguments, in: set) }
                let ids = messages.map(\.id)
                await follower.expect(ids)
                try await client.publish(messages)
                await follower.confirm(ids)
            }
        } catch {
            fail(error)
        }
    }

    /// Keeps the set for `celery taskset`, where the result store can.
    private func keepSet(total: Int?) async throws {
        do {
            try await client.keep(TaskSetRecord(id: set.id, total: total, created: .now))
        } catch let error as DriverError where error.code == .refused || error.code == .unsupported {
            // Too large for this store: the map itself needs no set.
        }
    }

    private func follow() async {
        do {
            while true { take(try await follower.next()) }
        } catch is CancellationError {
        } catch {
            fail(error)
        }
    }

    private func take(_ news: MemberFollower.News) {
        guard !isStopped else { return }
        for result in news.results { add(result.id, result) }
        for id in news.gone { add(id, nil) }
        inFlight.note(news.results.count + news.gone.count)
        advance()
    }

    private func add(_ id: TaskID, _ result: TaskResult?) {
        guard let number = set.number(of: id), open.remove(number) != nil else { return }
        let leaving = window.add(MappedItem(number: number, id: id, result))
        for item in leaving { readyBytes += item.byteCount }
        ready += leaving
    }

    private func advance() {
        Self.wake(&roomWaiter)
        Self.wake(&sendWaiter)
        Self.wake(&resultWaiter)
    }

    private static func wake(_ waiter: inout CheckedContinuation<Void, Never>?) {
        waiter?.resume()
        waiter = nil
    }

    // MARK: Ending early

    private func fail(_ error: any Error) {
        guard !isStopped else { return }
        self.error = error
        isStopped = true
        for task in work { task.cancel() }
        let ending = Task { await withdraw() }
        self.ending = ending
        let isTrouble = error is DriverError
        client.remaining.start { [sender] in
            let alarm = isTrouble ? Self.cancel([sender, ending], after: Self.patience) : nil
            await ending.value
            alarm?.cancel()
        }
        advance()
    }

    private static func cancel(_ tasks: [Task<Void, Never>?], after time: Duration) -> Task<Void, any Error> {
        Task {
            try await Task.sleep(for: time)
            for task in tasks { task?.cancel() }
        }
    }

    /// Ends the map, unless it has ended, and returns when the messages that nobody has begun are withdrawn.
    func stop() async {
        fail(CancellationError())
        await ending?.value
    }

    /// Takes back what no worker has begun, and deletes the results that nobody will take, and the set, which will never be complete.
    private func withdraw() async {
        // What is on its way to the broker arrives first.
        await sender?.value
        await forgetting?.value
        guard count > 0 else { return }
        // An error has been told already, or nobody listens any more.
        let awaited = await follower.awaited
        try? await client.withdraw(awaited)
        try? await client.forgetTaskSet(set.id)
        guard !plan.keepsResults else { return }
        let ended = (try? await client.store.results(for: awaited))?.filter(\.value.state.isReady).map(\.key) ?? []
        _ = try? await client.store.forget(taken + (leaving + ready + window.drain()).map(\.id) + ended)
    }
}
