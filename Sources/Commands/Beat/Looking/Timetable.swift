import Arguments
import Beat
import CeleryCore
import Client
import Configuration
import Schedules

/// What the commands about periodic tasks work with: the entries of the project, and what is written down of them.
struct Timetable {
    let context: CommandContext
    let settings: Settings
    let client: Client
    let table: EntryTable

    var entries: [Entry] { table.entries }
    var beat: String { settings.beatName }

    /// - Throws: what is wrong with settings or entries.
    init(_ context: CommandContext, willSend: Bool = false) throws {
        self.context = context
        let resolved = try context.resolved()
        settings = resolved.settings
        client = try context.client(settings, willSend: willSend)
        table = try EntryTable(resolved, context, client: client)
    }

    /// The broker, as what keeps the schedule.
    var keeping: any BeatKeeping {
        get throws {
            guard let keeping = client.broker as? any BeatKeeping else {
                throw DriverError.lacks("keep a schedule for beat", client.broker.location)
            }
            return keeping
        }
    }

    /// What is written down, as it will be when what was asked for is done.
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

    /// What is written down, if it can be had; says so if not.
    func stateIfReachable() async throws -> BeatState? {
        do {
            return try await state()
        } catch let error as DriverError where error.code == .unreachable {
            context.output.note("\(title): \(error.message); what is sent and paused is not known")
            return nil
        }
    }

    /// The entry of a name.
    ///
    /// - Throws: `CommandError` naming the nearest.
    func entry(_ name: String) throws -> Entry {
        if let entry = entries.first(where: { $0.name == name }) { return entry }
        let nearest = NearestName.suggest(name, among: entries.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw CommandError(
            ExitCode.unknown, "no periodic task is called '\(name.forLog)'\(nearest)", hint: "'celery beat list' lists them")
    }

    /// The entries that the operands name, or all.
    func chosen() throws -> [Entry] {
        let names = context.arguments.operands
        return names.isEmpty ? entries : try names.map(entry)
    }

    private var title: String { "celery \(context.arguments.command?.qualifiedName ?? "beat")" }
}
