// A beat and the project it takes its entries from: alone in `celery beat`, beside a worker in `celeryd -B`.

import Beat
import CeleryCore
import Client
import Configuration
import Glibc
import Logging

/// Runs beat, and makes its entries anew when the project changes.
actor BeatRunner {
    private let context: CommandContext
    private let flags: [SettingsFlag]
    private let client: Client
    private let logger: Logger
    private let beat: Beat
    /// The settings it began with.
    private let begun: Settings
    private var table: EntryTable
    private var watch: ProjectWatch
    private var watching: Task<Void, Never>?

    /// The time between two looks at the project's files.
    private static let lookInterval: Duration = .seconds(2)

    /// - Parameter flags: settings of the command line, which count at every reading.
    /// - Throws: what is wrong with the entries.
    init(_ context: CommandContext, _ flags: [SettingsFlag], _ client: Client, _ logger: Logger, isOnce: Bool = false) throws {
        self.context = context
        self.flags = flags
        self.client = client
        self.logger = logger
        var table = try EntryTable(try context.resolved(flags), context, client: client)
        watch = ProjectWatch(Self.paths(table))
        // Once more, now that their files are watched: no change in between goes unnoticed.
        table = try EntryTable(try context.resolved(flags), context, client: client)
        watch.follow(Self.paths(table))
        self.table = table
        let settings = table.settings
        begun = settings
        var configuration = BeatConfiguration(name: settings.beatName, identity: .here(named: "beat@%h"))
        configuration.maxInterval = .seconds(settings.beatMaxInterval)
        configuration.isOnce = isOnce
        beat = try Beat(
            configuration: configuration, entries: table.entries, broker: client.broker, store: client.store, logger: logger)
    }

    private static func paths(_ table: EntryTable) -> Set<String> {
        ProjectWatch.paths(table.settings, table.registry, table.problems)
    }

    /// The names of its entries.
    var names: [String] { table.entries.map(\.name) }

    /// What is odd about its entries.
    var warnings: [String] { table.warnings }

    /// Works until it is stopped.
    ///
    /// - Parameter onReady: called once it has its seat among the beats.
    /// - Throws: `DriverError`, as `Beat.run` does.
    func run(onReady: @escaping @Sendable () async -> Void) async throws {
        watching = Task { await watchProject() }
        defer { watching?.cancel() }
        try await beat.run(onReady: onReady)
    }

    /// Ends `run`.
    func stop() async { await beat.stop() }

    /// Reads settings and tasks anew; those that are as before keep their phase, and with a mistake all do.
    ///
    /// - Returns: whether settings have changed that count only for who begins anew; `nil` after a mistake.
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
            logger.info("Settings or tasks have changed; reading them anew")
            let before = table.settings
            if await reload() == true, table.settings != before {
                logger.warning("Settings that are not about periodic tasks have changed too; a HUP signal takes them over")
            }
        }
    }
}
