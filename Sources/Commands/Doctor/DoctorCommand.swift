import Arguments
import CeleryCore
import Client

/// `celery doctor`: finds out what does not work, or will not for long.
enum DoctorCommand {
    static let worker = Option.value(
        "worker", placeholder: "NAME", .nonEmptyText,
        help: "Examine this worker alone, through its own queues, for health probes: warnings do not change the exit status.", completion: .worker)
    static let mail = Option.flag("mail", help: "Send a mail to ADMINS, and a notice to CELERY_ADMIN_WEBHOOK.")
    static let timeout = Option.value(
        "timeout", short: "t", placeholder: "S", .duration, default: .literal(.seconds(5), "5"),
        help: "How long a worker may take to answer and to consume a probe.")

    static let command = Command(
        CommandSpec(
            "doctor", section: "Workers", summary: "Find out what does not work, and what to do about it",
            discussion: [
                "Checks the settings and where they come from, who can read and change files, the tables, the tasks, disks, libraries, pidfiles, units of systemd, mail and the web server; then the broker, the result store and the queues; then each worker. Prints a line for each finding, and what to do.",
                "Each worker gets a probe: a message of the task celery.probe in a queue of its own, which the worker consumes for a moment. The probe leaves no result and no queue behind. With --worker, probes also go through the queues that the worker consumes, unless Python's workers share them: those do not know the task.",
                "A worker of Python answers only remote control, and its clock cannot be read.",
            ],
            options: [worker.description, mail.description, timeout.description],
            examples: [
                Example("celery doctor", "Check everything."),
                Example("celery doctor --mail", "Also send a mail to the administrators."),
                Example("celery doctor --worker celery@web1 -t 3", "As a health probe: exits with 2 if the worker does not consume."),
            ],
            exitStatuses: [
                ExitStatus(0, "All is well. With --worker, also if there are only warnings."), ExitStatus(1, "There are warnings."),
                ExitStatus(2, "Something will not work."), ExitStatus(64, "Usage."),
            ],
            outputKeys: [
                OutputKey("check", "The name of the check, such as broker."),
                OutputKey("state", "ok, unknown (it cannot be told), warning, or error."),
                OutputKey("text", "What was found."), OutputKey("hint", "What to do, or null."),
                OutputKey("worker", "The worker that it is about, or null."), OutputKey("details", "Further lines."),
            ]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        guard context.arguments[timeout] > .zero else { throw ArgumentError("--timeout must be greater than 0") }
        if context.arguments[worker] != nil, context.arguments[mail] { throw ArgumentError("--worker and --mail contradict each other") }
        var visit = DoctorVisit(context)
        await visit.run()
        let warnings = visit.counts[.warning] ?? 0
        let errors = visit.counts[.error] ?? 0
        func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
        if warnings + errors > 0 { context.output.note("celery doctor: \(counted(errors, "error")), \(counted(warnings, "warning"))") }
        if errors > 0 { return 2 }
        return warnings > 0 && context.arguments[worker] == nil ? 1 : ExitCode.done
    }
}
