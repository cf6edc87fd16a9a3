import Arguments
import CeleryCore
import Configuration
import Schedules

/// `celery beat import-crontab`: tasks out of a crontab.
enum BeatImportCommand {
    static let app = Option.value(
        "app", placeholder: "APP", .nonEmptyText, default: .literal("cron"), help: "Put the tasks into the folder APP/tasks of the project.")
    static let system = Option.flag(
        "system", help: "FILE is like /etc/crontab: a user stands before each command; only lines of the user who imports are taken over.")
    static let dryRun = Option.flag("dry-run", help: "Write nothing; print what would be made.")

    static let command = Command(
        CommandSpec(
            "import-crontab", summary: "Make periodic tasks out of a crontab",
            discussion: [
                "Makes of each line of FILE a program in APP/tasks that says itself when it is due, sets the variables in force at the line, and runs the command by the line's SHELL with what follows its first % as its input; its exit status is that of the command. Prints of each task, with tabs between: its name, its file and its schedule.",
                "What it cannot take over is told on stderr with the number of the line; the rest is made. No file is ever overwritten: when one is there already, nothing is made.",
                "Beat makes up for missed runs once, where cron does not at all: write missed=skip into the file to have it as in cron. Output is kept as the result of the task, and mailed to nobody.",
            ],
            options: [app.description, system.description, dryRun.description],
            operands: [Operand("FILE", help: "The crontab, as 'crontab -l' prints it; - is stdin.", completion: .file)],
            exitStatuses: [
                ExitStatus(0, "Every line was taken over."), ExitStatus(64, "Usage."),
                ExitStatus(65, "A line was left out; the others were taken over. Or FILE cannot be read."),
                ExitStatus(73, "A file is there already, or cannot be created."), ExitStatus(77, "No permission."),
                ExitStatus(78, "Configuration; there is no project."),
            ],
            outputKeys: [
                OutputKey("task, file", "The task, and its file, seen from the project's folder."),
                OutputKey("line", "The number of the line."), OutputKey("schedule", "When it is due."),
                OutputKey("timezone", "The zone of CRON_TZ, or null."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let settings = try context.settings()
        guard settings.file != nil else {
            throw CommandError(
                ExitCode.configuration, "no celery.toml in \(context.folder) or above it",
                hint: "make a project with celery startproject NAME")
        }
        let text = try text(of: arguments.operands[0])
        let file = CrontabFile(text, layout: arguments[system] ? .system : .user, zone: try Zone.local())
        let folder = try ImportFolder(app: arguments[app], project: settings.projectFolder)
        let report = CrontabImport(file, into: folder, user: UserName.current)
        if !report.existing.isEmpty {
            for name in report.existing { context.output.error("celery beat import-crontab: \(name) is there already") }
            context.output.error("hint: nothing was made; remove what was imported before, or name another folder with --app")
            return ExitCode.cannotCreate
        }
        if !arguments[dryRun] { try folder.write(report.tasks) }
        for task in report.tasks {
            context.output.record(
                [
                    "task": .string(folder.taskName(task)), "file": .string(folder.file(task)), "line": .int(Int64(task.entry.lineNumber)),
                    "schedule": .string(task.entry.scheduleText), "timezone": task.entry.zoneName.map(JSON.string) ?? .null,
                ],
                text: [folder.taskName(task), folder.file(task), task.schedule].joined(separator: "\t"))
        }
        for note in report.notes { context.output.note("celery beat import-crontab: \(note)") }
        for problem in report.problems { context.output.error("celery beat import-crontab: \(problem)") }
        if !settings.installedApps.contains(arguments[app]), !report.tasks.isEmpty {
            let list = (settings.installedApps + [arguments[app]]).map { "\"\($0)\"" }.joined(separator: ", ")
            context.output.note("hint: write INSTALLED_APPS = [\(list)] in \(settings.file ?? "celery.toml"), or the tasks are not found")
        }
        return report.problems.isEmpty ? ExitCode.done : ExitCode.badData
    }

    private static func text(of file: String) throws -> String {
        let source = try LineSource(file: file)
        var lines: [String] = []
        while let line = try source.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines.joined(separator: "\n")
    }
}
