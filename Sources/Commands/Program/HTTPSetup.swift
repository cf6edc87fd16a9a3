import CeleryCore
import HTTP
import Tasks

/// What a worker needs for its HTTP tasks, besides the settings.
struct HTTPSetup {
    let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    /// The keys that sign requests. Blocks while it reads them.
    ///
    /// - Throws: `CommandError` for a key that cannot be used, and without libcurl; neither matters if there are no HTTP tasks.
    func keys() throws(CommandError) -> HTTPKeys {
        guard !settings.httpTasks.isEmpty || !settings.httpHosts.isEmpty else { return HTTPKeys() }
        guard HTTPClient.isAvailable else {
            throw CommandError(
                ExitCode.configuration, "cannot run HTTP tasks: libcurl is not installed", hint: "install the package libcurl4, or remove the HTTP tasks from the settings")
        }
        do throws(CommandRefusal) {
            return try HTTPKeys(settings.httpKeys)
        } catch {
            throw CommandError(ExitCode.configuration, "cannot sign requests of HTTP tasks: \(error.message)", hint: error.hint)
        }
    }

    /// The error of a table with the name of a task in Swift.
    func error(registeredTwice name: String) -> CommandError {
        let place = settings.httpTasks.first { $0.name == name }?.place ?? "CELERY_HTTP_HOSTS"
        return CommandError(
            ExitCode.configuration, "\(place): task '\(name)' is in this program already", hint: "give the table [task.NAME] another name")
    }
}
