import Arguments
import CeleryCore

/// `celery version`.
enum VersionCommand {
    static let command = Command(
        CommandSpec(
            "version", section: "Help", summary: "Show the version",
            exitStatuses: CeleryTable.statuses("0"), outputKeys: [OutputKey("version", "The version.")]),
        run: { context in
            context.output.record(["version": .string(Version.text)], text: "celery \(Version.text)")
            return ExitCode.done
        })
}
