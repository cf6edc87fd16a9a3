import CeleryCore
import Client
import Synchronization

/// The periodic tasks of the project, read from its files when they are asked for: seldom, since that looks at every task.
final class TimetableBook: Sendable {
    private let context: CommandContext
    private let client: Client
    private let kept = Mutex<(timetable: Timetable, end: ContinuousClock.Instant)?>(nil)

    private static let life: Duration = .seconds(10)

    init(context: CommandContext, client: Client) { (self.context, self.client) = (context, client) }

    /// - Throws: errors in the settings or entries.
    func timetable() throws -> Timetable {
        try kept.withLock { kept in
            if let kept, kept.end > .now { return kept.timetable }
            let timetable = try Timetable(context, client: client)
            kept = (timetable, .now + Self.life)
            return timetable
        }
    }
}
