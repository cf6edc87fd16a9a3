import Arguments
import CeleryCore
import Client
import Tasks

/// Turns lines of a batch into messages.
struct BatchLines {
    /// Options of the command line; a line's own options override them.
    let defaults: SendOptions
    let known: [String: TaskOptions]
    let factory: MessageFactory
    /// The task names seen so far.
    private(set) var names: Set<String> = []

    init(defaults: SendOptions, known: [String: TaskOptions], factory: MessageFactory) {
        self.defaults = defaults
        self.known = known
        self.factory = factory
    }

    private static let ownKeys = ["task", "args", "kwargs", "id"]
    /// Every key that a line may have.
    static let keys = ownKeys + TaskOptionTable.rows(at: .batch).map(\.name)

    private static let members = SendMembers(status: ExitCode.badData, otherKeys: ownKeys)

    /// Makes the message of a line.
    ///
    /// - Returns: `nil` for an empty line.
    /// - Throws: `CommandError` for an invalid line.
    mutating func message(from line: [UInt8]) throws -> Message? {
        guard let work = try work(from: line) else { return nil }
        return factory.message(
            work.name, args: work.args, kwargs: work.kwargs, options: work.options, task: known[work.name])
    }

    /// The task that a line submits.
    struct Work {
        var name: String
        var args: [JSON] = []
        var kwargs: JSONObject = [:]
        var options: SendOptions
    }

    /// Reads and checks a line.
    ///
    /// - Returns: `nil` for an empty line.
    /// - Throws: `CommandError` for an invalid line.
    mutating func work(from line: [UInt8]) throws -> Work? {
        if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }) { return nil }
        let value: JSON
        do throws(JSONError) {
            value = try JSON(parsing: line)
        } catch {
            throw bad("not JSON: \(error)")
        }
        guard let object = value.objectValue else { throw bad("not a JSON object") }
        guard let name = object["task"]?.stringValue, !name.isEmpty else { throw bad("'task' must be the name of a task") }
        var work = Work(name: name, options: defaults)
        for (key, value) in object.members where key != "task" {
            switch key {
            case "args":
                guard let array = value.arrayValue else { throw bad("'args' must be an array") }
                work.args = array
            case "kwargs":
                guard let object = value.objectValue else { throw bad("'kwargs' must be an object") }
                work.kwargs = object
            case "id": work.options.id = try Self.members.parsed(key, value, .taskID)
            default:
                try Self.members.take(key, value, into: &work.options)
            }
        }
        names.insert(name)
        return work
    }

    private func bad(_ message: String) -> CommandError { CommandError(ExitCode.badData, message) }
}
