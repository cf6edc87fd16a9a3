import Arguments
import CeleryCore
import Client

/// `celery syncdb`: create or upgrade tables.
enum SyncdbCommand {
    static let check = Option.flag("check", help: "Change nothing; exit with 1 when something is missing, and with 65 when a file is damaged (SQLite's quick_check).")
    static let dryRun = Option.flag("dry-run", help: "Print the SQL instead of running it.")

    static let compact = Option.flag(
        "compact",
        help: "Make SQLite files as small as they can be. A file of an earlier version is written anew, once: stop its workers first.")

    static let command = Command(
        CommandSpec(
            "syncdb", section: "Project", summary: "Create or upgrade the tables of broker and result store",
            discussion: ["May be run again and again; never drops or rewrites rows. Tables of an older Python Celery (db+sqlite) get the columns that came later. The worker and apply create a missing database themselves; syncdb is for doing it beforehand, under another user for example."],
            options: [check.description, dryRun.description, compact.description],
            examples: [Example("celery syncdb --check || celery syncdb", "Create what is missing.")],
            exitStatuses: [
                ExitStatus(0, "All tables are there."), ExitStatus(1, "With --check, something is missing."),
                ExitStatus(65, "The file is damaged or not one of ours, or its tables are not."), ExitStatus(73, "Cannot create the file."),
                ExitStatus(75, "With --compact, a worker uses a file that is to be written anew."), ExitStatus(77, "No permission."), ExitStatus(78, "Configuration."),
            ],
            outputKeys: [
                OutputKey("database", "The file."), OutputKey("state", "created, complete, missing or compacted."),
                OutputKey("before, after", "With --compact, bytes of the file."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let settings = try context.settings()
        var status = ExitCode.done
        if context.arguments[compact], context.arguments[check] || context.arguments[dryRun] {
            throw ArgumentError("--compact changes files, and --check and --dry-run change none")
        }
        for database in try TableSync.databases(of: settings) {
            let missing = try await database.missing()
            if context.arguments[check] { try await database.check() }
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
            guard context.arguments[compact], let (before, after) = try await database.compact() else { continue }
            context.output.record(
                [
                    "database": .string(database.path), "state": "compacted", "before": .int(Int64(before)),
                    "after": .int(Int64(after)),
                ], text: "\(database.path): compacted from \(before) to \(after) bytes")
        }
        return status
    }
}
