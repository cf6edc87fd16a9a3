import Arguments
import Beat
import CeleryCore
import Client
import Configuration
import Schedules

/// The entries of the project with their recorded state: the basis of the commands about periodic tasks.
struct Timetable {
    let context: CommandContext
    let settings: Settings
    let client: Client
    let table: EntryTable

    var entries: [Entry] { table.entries }
    var beat: String { settings.beatName }

    /// - Parameter client: One that is open already.
    /// - Throws: errors in the settings or entries.
    init(_ context: CommandContext, willSend: Bool = false, client: Client? = nil) throws {
        self.context = context
        let resolved = try context.resolved()
        settings = resolved.settings
        self.client = try client ?? context.client(settings, willSend: willSend)
        table = try EntryTable(resolved, context, client: self.client)
    }

    /// The broker as a store of the schedule.
    ///
    /// - Throws: `DriverError` if the broker cannot store a schedule.
    var keeping: any BeatKeeping {
        get throws {
            guard let keeping = client.broker as? any BeatKeeping else {
                throw DriverError.lacks("keep a schedule for beat", client.broker.location)
            }
            return keeping
        }
    }

    /// The recorded state, with pending commands applied.
    func state() async throws -> BeatState {
        var state = try await keeping.state(of: beat)
        for (_, command) in state.commands {
            guard let entry = entries.first(where: { $0.name == command.entry }) else { continue }
            var record = state.records[entry.name]
                ?? EntryRecord(name: entry.name, schedule: entry.periodic.schedule.description, since: .now)
            switch command {
            case .pause(_, let pause): record.pause = pause
            case .resume:
                if record.pause != nil { record.handled = max(record.handled, .now) }
                record.pause = nil
            }
            state.records[entry.name] = record
        }
        return state
    }

    /// The recorded state, or `nil` with a note on stderr if the broker cannot be reached.
    func stateIfReachable() async throws -> BeatState? {
        do {
            return try await state()
        } catch let error as DriverError where error.code == .unreachable {
            context.output.note("\(title): \(error.message); sent and paused runs are unknown")
            return nil
        }
    }

    /// The entry with a name.
    ///
    /// - Throws: `CommandError` with the nearest name if there is no such entry.
    func entry(_ name: String) throws -> Entry {
        if let entry = entries.first(where: { $0.name == name }) { return entry }
        let nearest = NearestName.suggest(name, among: entries.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw CommandError(
            ExitCode.unknown, "no periodic task is called '\(name.forLog)'\(nearest)", hint: "'celery beat list' lists them")
    }

    /// The entries that the operands name, or all entries if there are no operands.
    func chosen() throws -> [Entry] {
        let names = context.arguments.operands
        return names.isEmpty ? entries : try names.map(entry)
    }

    private var title: String { "celery \(context.arguments.command?.qualifiedName ?? "beat")" }
}
