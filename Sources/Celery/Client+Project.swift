public import Client
import CeleryCore
import Configuration
import Glibc
import Processes

extension Client {
    /// A client of the project that a folder belongs to, with the settings that a `celery` command has there: those of
    /// `celery.toml`, which is looked for upwards, and of the environment. Blocks while files are read.
    ///
    /// - Throws: an error whose description says what is wrong with the settings, or `DriverError`.
    public static func ofProject(at folder: String = ".") throws -> Client {
        guard let path = realpath(folder, nil) else { throw DriverError(.configuration, "there is no folder \(folder)") }
        defer { free(path) }
        let environment = Environment.current().textVariables
        let resolved = try SettingsReader.resolve(environment: environment, workingFolder: String(cString: path))
        return try Client(settings: resolved.settings, environment: environment)
    }
}
