import CeleryCore
import SQL
import Synchronization

/// Who waits for results in the database of a server.
///
/// PostgreSQL tells of what our own writers store; in tables that only these use, that is all. Python's tell nobody, and MySQL has no
/// way to: for these the waits look from time to time, with pauses in proportion to how long there has been nothing new.
final class ServerTableWatch: PythonTableWatch {
    /// The channel of notices of Python's tables in PostgreSQL. Their texts are ids of tasks, one a line; an empty text stands for any task.
    static let channel = "celery_taskmeta"
    /// PostgreSQL takes up to 7,999 bytes.
    private static let noticeSize = 7_500
    /// Notices of one statement.
    private static let mostNotices = 20

    private struct State {
        /// Tasks without a final result, and when they were last looked for.
        var open: [TaskID: ContinuousClock.Instant] = [:]
        /// When a task was looked for that was not before, or got its result.
        var lastNews = ContinuousClock.now
        var lastSweep = ContinuousClock.now
        /// Those of the open tasks that were told of.
        var noticed = NoticedResults()

        mutating func sweep(_ now: ContinuousClock.Instant) {
            guard lastSweep + ServerTableWatch.memory / 4 < now else { return }
            lastSweep = now
            open = open.filter { $0.value + ServerTableWatch.memory > now }
        }
    }

    /// Tasks that nobody has looked for in this time are not waited for.
    private static let memory: Duration = .seconds(300)
    /// Tasks that are remembered at most; with more, every notice ends the waits.
    private static let most = 100_000
    /// Between two looks of a wait.
    private static let pauses = (shortest: Duration.milliseconds(50), longest: Duration.seconds(1), longestWithNotices: Duration.seconds(2))
    /// The same where only our own writers store, in case one of them ends before it has told.
    private static let pauseOfOurs: Duration = .seconds(4)

    private let shared: SharedState
    private let listener: PostgreSQLListener?
    private let othersWrite: Bool

    /// The state and the bell, apart from the watch: the listener's thread refers to them as well.
    private final class SharedState: Sendable {
        let state = Mutex(State())
        let bell = Bell()

        func heard(_ text: String?) {
            let concerns = state.withLock { state in
                guard let text, !text.isEmpty else {
                    state.noticed.miss()
                    return true
                }
                let ids = text.split(separator: "\n").map { TaskID(String($0)) }
                guard state.open.count < ServerTableWatch.most else {
                    state.noticed.add(ids)
                    return true
                }
                let open = ids.filter { state.open[$0] != nil }
                state.noticed.add(open)
                return !open.isEmpty
            }
            if concerns { bell.ring() }
        }
    }

    /// - Parameters:
    ///   - channel: That of the notices.
    ///   - othersWrite: Whether results are stored by programs that tell nobody, too.
    init(_ server: any SQLServer, channel: String = ServerTableWatch.channel, othersWrite: Bool = true) {
        let shared = SharedState()
        self.shared = shared
        self.othersWrite = othersWrite
        listener = (server as? PostgreSQLServer).map { server in
            PostgreSQLListener(server, channel: channel) { shared.heard($0) }
        }
    }

    /// The texts of notices for results that were stored.
    static func notices(of ids: [TaskID]) -> [String] {
        var texts: [String] = []
        for id in ids {
            // Not an id that could be read as two, or that is none for PostgreSQL.
            guard !id.text.utf8.contains(where: { $0 == 0 || $0 == 0x0A }) else { return [""] }
            if let last = texts.last, last.utf8.count + 1 + id.text.utf8.count <= noticeSize {
                texts[texts.count - 1] += "\n" + id.text
            } else {
                texts.append(id.text)
            }
        }
        return texts.count <= mostNotices ? texts : [""]
    }

    func mark() async -> UInt64 { shared.bell.count }

    func looked(for ids: [TaskID], _ found: [TaskID: TaskResult]) {
        let now = ContinuousClock.now
        shared.state.withLock { state in
            for id in ids {
                if found[id]?.state.isReady == true {
                    if state.open.removeValue(forKey: id) != nil { state.lastNews = now }
                } else if state.open[id] != nil || state.open.count < Self.most {
                    if state.open.updateValue(now, forKey: id) == nil { state.lastNews = now }
                }
            }
            state.sweep(now)
        }
    }

    func stored() {
        shared.state.withLock { $0.lastNews = .now }
        shared.bell.ring()
    }

    func wait(since mark: UInt64, until deadline: ContinuousClock.Instant?) async throws {
        let isListening = listener?.listen() ?? false
        let longest = isListening ? Self.pauses.longestWithNotices : Self.pauses.longest
        let quiet = shared.state.withLock { $0.lastNews }.duration(to: .now)
        let pause = isListening && !othersWrite ? Self.pauseOfOurs : min(longest, max(Self.pauses.shortest, quiet / 8))
        let look = ContinuousClock.now + pause
        await shared.bell.wait(since: mark, until: deadline.map { min($0, look) } ?? look)
        try Task.checkCancellation()
    }

    /// The position behind the last notice.
    func feedPosition() -> Int64 { shared.state.withLock { $0.noticed.end } }

    /// The awaited tasks that notices told of since a position: all that are awaited, if some may have been missed.
    func changes(after position: Int64) -> (ids: [TaskID], position: Int64) {
        let isListening = listener?.listen() ?? false
        return shared.state.withLock { state in
            (isListening ? state.noticed.ids(after: position) : nil).map { ($0, state.noticed.end) } ?? (Array(state.open.keys), state.noticed.end)
        }
    }

    func close() {
        listener?.close()
        shared.bell.ring()
    }
}
