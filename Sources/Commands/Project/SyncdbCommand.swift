import Arguments
import CeleryCore
import Client

/// `celery syncdb`: creates or upgrades tables.
enum SyncdbCommand {
    static let check = Option.flag("check", help: "Change nothing; exit with 1 if a table is missing, and with 65 if a file is damaged (SQLite's quick_check).")
    static let dryRun = Option.flag("dry-run", help: "Print the SQL instead of running it.")

    static let compact = Option.flag(
        "compact",
        help: "Shrink SQLite files to their minimum size. The first time, a file of an earlier version is rewritten: stop its workers before.")

    static let command = Command(
        CommandSpec(
            "syncdb", section: "Project", summary: "Create or upgrade the tables of broker and result store",
            discussion: ["Safe to repeat; never drops or rewrites rows. Upgrades the celery.db and the tables in PostgreSQL (postgresql://) of an earlier version, and adds newer columns to tables of an older Python Celery (db+sqlite, db+postgresql and others). The worker and apply create a missing file and missing tables themselves; the database of a server must exist; use syncdb to create it beforehand, for example as another user."],
            options: [check.description, dryRun.description, compact.description],
            examples: [Example("celery syncdb --check || celery syncdb", "Create missing tables.")],
            exitStatuses: [
                ExitStatus(0, "All tables exist."), ExitStatus(1, "With --check, a table is missing, or tables are of an earlier version."),
                ExitStatus(65, "The file is damaged, or the file or its tables belong to another program."), ExitStatus(69, "The database server does not answer."), ExitStatus(73, "Cannot create the file."),
                ExitStatus(75, "With --compact, a worker is using a file that must be rewritten."), ExitStatus(77, "No permission."), ExitStatus(78, "Configuration."),
            ],
            outputKeys: [
                OutputKey("database", "The file, or the URL of a server's database without its password."), OutputKey("state", "created, upgraded, complete, missing, outdated or compacted."),
                OutputKey("results", "For the tables of Python's Celery, how results are written: json or pickle."),
                OutputKey("before, after", "With --compact, the size of the file in bytes."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let settings = try context.settings()
        var status = ExitCode.done
        if context.arguments[compact], context.arguments[check] || context.arguments[dryRun] {
            throw ArgumentError("--compact cannot be combined with --check or --dry-run")
        }
        for database in try TableSync.databases(of: settings) {
            let missing = try await database.missing()
            if context.arguments[check] { try await database.check() }
            if context.arguments[dryRun] {
                for statement in missing { context.output.line(statement) }
                continue
            }
            let state: String
            let isOutdated = try await database.isOutdated()
            if missing.isEmpty {
                state = "complete"
            } else if context.arguments[check] {
                state = isOutdated ? "outdated" : "missing"
                status = ExitCode.taskFailed
            } else {
                try await database.create()
                state = isOutdated ? "upgraded" : "created"
            }
            var object: JSONObject = ["database": .string(database.path), "state": .string(state)]
            object["results"] = database.resultFormat.map { .string($0.rawValue) }
            context.output.record(object, text: "\(database.path): \(state)")
            if let format = database.resultFormat, !context.arguments[check] { context.output.note("celery syncdb: \(note(of: format))") }
            guard context.arguments[compact], let (before, after) = try await database.compact() else { continue }
            context.output.record(
                [
                    "database": .string(database.path), "state": "compacted", "before": .int(Int64(before)),
                    "after": .int(Int64(after)),
                ], text: "\(database.path): compacted from \(before) to \(after) bytes")
        }
        return status
    }

    /// Which versions of Python's Celery can read the results.
    private static func note(of format: PythonResultFormat) -> String {
        switch format {
        case .json:
            "results are written as JSON, as Celery 5.7 does; Celery 5.4 to 5.6 cannot read that and need CELERY_DATABASE_RESULT_FORMAT = \"pickle\""
        case .pickle:
            "results are written as pickles, which Celery 5.4 to 5.6 need; Celery 5.7 logs a warning for each that it reads (CELERY_DATABASE_RESULT_FORMAT)"
        }
    }
}
