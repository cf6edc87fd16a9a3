import Arguments
import CeleryCore
import Configuration
import Schedules

/// `celery beat import-crontab`: makes tasks from a crontab.
enum BeatImportCommand {
    static let app = Option.value(
        "app", placeholder: "APP", .nonEmptyText, default: .literal("cron"), help: "Put the tasks into the folder APP/tasks of the project.")
    static let system = Option.flag(
        "system", help: "FILE has the format of /etc/crontab, with a user before each command; only lines of the current user are imported.")
    static let dryRun = Option.flag("dry-run", help: "Write nothing; print the tasks that would be created.")

    static let command = Command(
        CommandSpec(
            "import-crontab", summary: "Make periodic tasks from a crontab",
            discussion: [
                "For each line of FILE, creates a program in APP/tasks with the schedule in its option line. The program sets the variables in force at that line and runs the command in the line's SHELL, with the text after the first % as input; its exit status is that of the command. Prints name, file and schedule of each task, separated by tabs.",
                "Lines that cannot be imported are named on stderr by number; the others are imported. Files are never overwritten: if one of the files exists, nothing is created.",
                "After missed runs, beat makes up for one, while cron makes up for none: write missed=skip in the file for cron's behaviour. Output is stored as the result of the task. Where the crontab has set MAILTO, the program also mails it there with /usr/sbin/sendmail, or the program in SENDMAIL, whenever there is any; without MAILTO, nothing is mailed. 'celery beat status' exits with 1 when the last runs of a task all failed.",
            ],
            options: [app.description, system.description, dryRun.description],
            operands: [Operand("FILE", help: "The crontab, as 'crontab -l' prints it; - is stdin.", completion: .file)],
            exitStatuses: [
                ExitStatus(0, "Every line was imported."), ExitStatus(64, "Usage."),
                ExitStatus(65, "A line was skipped and the others were imported, or FILE cannot be read."),
                ExitStatus(73, "A file exists already, or cannot be created."), ExitStatus(77, "No permission."),
                ExitStatus(78, "Configuration, or there is no project."),
            ],
            outputKeys: [
                OutputKey("task, file", "The task, and the path of its file relative to the project's folder."),
                OutputKey("line", "The number of the line."), OutputKey("schedule", "The schedule."),
                OutputKey("timezone", "The time zone of CRON_TZ, or null."),
                OutputKey("mailto", "The address that the output is mailed to, or null."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let arguments = context.arguments
        let settings = try context.settings()
        guard settings.file != nil else {
            throw CommandError(
                ExitCode.configuration, "no celery.toml in \(context.folder) or above it",
                hint: "create a project with celery startproject NAME")
        }
        let text = try text(of: arguments.operands[0])
        let file = CrontabFile(text, layout: arguments[system] ? .system : .user, zone: try Zone.local())
        let folder = try ImportFolder(app: arguments[app], project: settings.projectFolder)
        let report = CrontabImport(file, into: folder, user: UserName.current)
        if !report.existing.isEmpty {
            for name in report.existing { context.output.error("celery beat import-crontab: \(name) already exists") }
            context.output.error("hint: nothing was created; remove the files of an earlier import, or choose another folder with --app")
            return ExitCode.cannotCreate
        }
        if !arguments[dryRun] { try folder.write(report.tasks) }
        context.output.table(report.tasks, ["task", "file", "schedule"]) { task in
            [folder.taskName(task), folder.file(task), task.schedule]
        } object: { task in
            [
                "task": .string(folder.taskName(task)), "file": .string(folder.file(task)), "line": .int(Int64(task.entry.lineNumber)),
                "schedule": .string(task.entry.scheduleText), "timezone": task.entry.zoneName.map(JSON.string) ?? .null,
                "mailto": task.address.map(JSON.string) ?? .null,
            ]
        }
        for note in report.notes { context.output.note("celery beat import-crontab: \(note)") }
        for problem in report.problems { context.output.error("celery beat import-crontab: \(problem)") }
        if !settings.installedApps.contains(arguments[app]), !report.tasks.isEmpty {
            let list = (settings.installedApps + [arguments[app]]).map { "\"\($0)\"" }.joined(separator: ", ")
            context.output.note("hint: set INSTALLED_APPS = [\(list)] in \(settings.file ?? "celery.toml"), or the tasks are not found")
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
