import Arguments
import CeleryCore
import Client

/// `celery syncdb`: create or upgrade tables.
enum SyncdbCommand {
    static let check = Option.flag("check", help: "Change nothing; exit with 1 when something is missing.")
    static let dryRun = Option.flag("dry-run", help: "Print the SQL instead of running it.")

    static let command = Command(
        CommandSpec(
            "syncdb", section: "Project", summary: "Create or upgrade the tables of broker and result store",
            discussion: ["May be run again and again; never drops or rewrites rows. Tables of an older Python Celery (db+sqlite) get the columns that came later. The worker and apply create a missing database themselves; syncdb is for doing it beforehand, under another user for example."],
            options: [check.description, dryRun.description],
            examples: [Example("celery syncdb --check || celery syncdb", "Create what is missing.")],
            exitStatuses: [
                ExitStatus(0, "All tables are there."), ExitStatus(1, "With --check, something is missing."),
                ExitStatus(65, "The file is not one of ours, or its tables are not."), ExitStatus(73, "Cannot create the file."),
                ExitStatus(77, "No permission."), ExitStatus(78, "Configuration."),
            ],
            outputKeys: [OutputKey("database", "The file."), OutputKey("state", "created, complete or missing.")]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let settings = try context.settings()
        var status = ExitCode.done
        for database in try TableSync.databases(of: settings) {
            let missing = try await database.missing()
            if context.arguments[dryRun] {
                for statement in missing { context.output.line(statement) }
                continue
            }
            let state: String
            if missing.isEmpty {
                state = "complete"
            } else if context.arguments[check] {
                state = "missing"
                status = ExitCode.taskFailed
            } else {
                try await database.create()
                state = "created"
            }
            context.output.record(
                ["database": .string(database.path), "state": .string(state)], text: "\(database.path): \(state)")
        }
        return status
    }
}
