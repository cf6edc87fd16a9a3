import Brokers
import CeleryCore
import CeleryDB
import Glibc
import Processes
import RabbitMQ
import ResultStores

/// The owner of a reply queue of `rpc://`: one user on one machine in one project.
struct ReplyProject {
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    var mailbox: ReplyMailbox {
        ReplyMailbox(owner: "\(HostName.current)\n\(getuid())\n\(settings.projectFolder)", expires: settings.resultExpires)
    }

    /// Opens the file to which received results are moved: `celery.db` of the project, else a file in the user's state folder.
    ///
    /// - Throws: `DriverError` when the file cannot be created or opened.
    func openFile() throws -> SQLiteResultStore {
        SQLiteResultStore(file: try databaseFile(), expires: settings.resultExpires, argumentLimit: settings.argumentLimit)
    }

    /// Opens the same file for what an AMQP server cannot keep: messages until their ETA, commands and statistics.
    ///
    /// - Parameter creates: Whether to create the file where there is none.
    /// - Returns: `nil` when there is no file, and it is not to be created.
    /// - Throws: `DriverError` when the file cannot be created or opened.
    func openLocalBroker(creates: Bool) throws -> SQLiteBroker? {
        guard creates || access(path, F_OK) == 0 else { return nil }
        return SQLiteBroker(
            file: try databaseFile(), resultExpires: settings.resultExpires, argumentLimit: settings.argumentLimit,
            leaseLength: .seconds(settings.lease), processLives: ProcessIdentity.isAlive)
    }

    private var path: String {
        settings.file != nil
            ? Self.join(settings.projectFolder, "celery.db") : Self.join(stateFolder, "\(mailbox.queue.name).db")
    }

    private func databaseFile() throws -> DatabaseFile {
        if settings.file == nil { try createStateFolder() }
        return try DatabaseFile(path: path, access: DatabaseAccess(settings))
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// The folder for data that belongs to no project: `celery` in XDG_STATE_HOME (XDG Base Directory Specification).
    private var stateFolder: String {
        let environment = Environment.current()
        let base =
            environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? Self.join(environment["HOME"] ?? "/", ".local/state")
        return Self.join(base, "celery")
    }

    private func createStateFolder() throws {
        let folder = stateFolder
        var path = ""
        for part in folder.split(separator: "/") {
            path += "/" + part
            if mkdir(path, 0o700) != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS {
                throw DriverError(
                    .cannotCreate, "cannot create folder \(path): \(String(cString: strerror(errno)).lowercased())",
                    hint: "name a result store with --result-backend, or start in a project")
            }
        }
    }
}
