// A beat with its project's entries: alone in `celery beat`, beside a worker in `celeryd -B`.

import Beat
import CeleryCore
import Client
import Configuration
import Glibc
import Logging

/// Runs beat, and reloads its entries when the project changes.
actor BeatRunner {
    private let context: CommandContext
    private let flags: [SettingsFlag]
    private let client: Client
    private let logger: Logger
    private let beat: Beat
    private let mail: AdminMail
    /// The settings at startup.
    private let begun: Settings
    private var table: EntryTable
    private var watch: ProjectWatch
    private var watching: Task<Void, Never>?

    /// The time between checks of the project's files.
    private static let lookInterval: Duration = .seconds(2)

    /// - Parameter flags: settings of the command line, which apply at every reload.
    /// - Throws: errors in the settings or entries.
    init(_ context: CommandContext, _ flags: [SettingsFlag], _ client: Client, _ logger: Logger, isOnce: Bool = false) throws {
        self.context = context
        self.flags = flags
        self.client = client
        self.logger = logger
        var table = try EntryTable(try context.resolved(flags), context, client: client)
        watch = ProjectWatch(Self.paths(table))
        // Read again now that the files are watched, so that no change in between goes unnoticed.
        table = try EntryTable(try context.resolved(flags), context, client: client)
        watch.follow(Self.paths(table))
        self.table = table
        let settings = table.settings
        begun = settings
        var configuration = BeatConfiguration(name: settings.beatName, identity: .here(named: "beat@%h"))
        configuration.maxInterval = .seconds(settings.beatMaxInterval)
        configuration.isOnce = isOnce
        let mail = try AdminMail(settings, configuration.identity, logger)
        self.mail = mail
        beat = try Beat(
            configuration: configuration, entries: table.entries, broker: client.broker, store: client.store, logger: logger,
            onAlarm: { mail.tell($0) })
    }

    private static func paths(_ table: EntryTable) -> Set<String> {
        ProjectWatch.paths(table.settings, table.registry, table.problems)
    }

    /// The names of the entries.
    var names: [String] { table.entries.map(\.name) }

    /// Warnings about the entries.
    var warnings: [String] { table.warnings }

    /// Runs until `stop` is called.
    ///
    /// - Parameter onReady: called once beat leads or stands by.
    /// - Throws: `DriverError`, as `Beat.run` does.
    func run(onReady: @escaping @Sendable () async -> Void) async throws {
        watching = Task { await watchProject() }
        defer { watching?.cancel() }
        do {
            try await beat.run(onReady: onReady)
        } catch {
            await mail.end()
            throw error
        }
        await mail.end()
    }

    /// Ends `run`.
    func stop() async { await beat.stop() }

    /// Reloads settings and tasks. Unchanged entries keep their phase; after an error all entries stay as they are.
    ///
    /// - Returns: whether settings other than those of periodic tasks have changed, which take effect only in a
    ///   new process; `nil` after an error.
    @discardableResult
    func reload() async -> Bool? {
        watch.take()
        do {
            let fresh = try EntryTable(try context.resolved(flags), context, client: client)
            try await beat.replace(fresh.entries)
            for problem in fresh.problems where !table.problems.contains(problem) { logger.warning("\(problem)") }
            for warning in fresh.warnings where !table.warnings.contains(warning) { logger.warning("\(warning)") }
            watch.follow(Self.paths(fresh))
            table = fresh
            return fresh.settings != begun
        } catch {
            logger.error("The periodic tasks stay as they were: \(Report.describe(error).message)")
            return nil
        }
    }

    private func watchProject() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.lookInterval)
            guard !Task.isCancelled, watch.isChanged() else { continue }
            logger.info("Settings or tasks have changed; reloading them")
            let before = table.settings
            if await reload() == true, table.settings != before {
                logger.warning("Settings that are not about periodic tasks have changed too; send HUP to apply them")
            }
        }
    }
}
