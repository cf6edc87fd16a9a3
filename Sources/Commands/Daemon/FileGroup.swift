import CeleryCore
import Processes

/// The group whose members may read new logs and job logs.
enum FileGroup {
    /// - Returns: `nil` when only the owner of a file may read it.
    /// - Throws: `CommandError` for a group that does not exist.
    static func number(_ settings: Settings) throws -> UInt32? {
        guard let name = settings.fileGroup else { return nil }
        do throws(SystemError) {
            return try Privileges(user: nil, group: name)?.numbers.group
        } catch {
            throw CommandError(ExitCode.configuration, "\(error.description) (CELERY_FILE_GROUP)")
        }
    }
}
