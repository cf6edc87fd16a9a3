package import CeleryCore

/// What a message asks to be run: the argv of the command as positional arguments, its surroundings as keyword arguments.
package struct CommandRequest: Sendable, Equatable {
    /// The words of the command: strings, or bytes as kombu writes them.
    package var argv: [JSON]
    /// The working folder, absolute.
    package var folder: String
    /// The variables by name, sorted.
    package var environment: [(name: String, value: String)]
    /// The bits that new files do not get.
    package var umask: UInt32

    /// Names begun by this are the worker's own.
    package static let reservedPrefix = "CELERY_"

    package init(argv: [JSON], folder: String, environment: [String: String], umask: UInt32) {
        self.argv = argv
        self.folder = folder
        self.environment = environment.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.umask = umask
    }

    /// The arguments of its message.
    package var arguments: (args: [JSON], kwargs: JSONObject) {
        let digits = String(umask, radix: 8)
        return (
            argv,
            [
                "folder": .string(folder), "environment": .object(JSONObject(environment.map { ($0.name, .string($0.value)) })),
                "umask": .string(String(repeating: "0", count: max(0, 4 - digits.count)) + digits),
            ]
        )
    }

    /// Reads the arguments of a message.
    ///
    /// - Throws: for arguments that `arguments` does not make: a command is refused rather than guessed.
    package init(_ arguments: TaskArguments) throws(CommandRefusal) {
        func bad(_ what: String) -> CommandRefusal { CommandRefusal("the message of the command is malformed: \(what)") }
        guard Set(arguments.kwargs.keys) == ["folder", "environment", "umask"] else {
            throw bad("it needs folder, environment and umask, and nothing else")
        }
        guard let first = arguments.args.first, first != "" else { throw bad("it names no command") }
        for word in arguments.args where !Self.isWord(word) { throw bad("an argument is neither text nor bytes") }
        guard let folder = arguments.kwargs["folder"]?.stringValue, folder.utf8.first == UInt8(ascii: "/"), !folder.utf8.contains(0)
        else { throw bad("its folder is not an absolute path") }
        guard let digits = arguments.kwargs["umask"]?.stringValue, let umask = UInt32(digits, radix: 8), umask <= 0o777 else {
            throw bad("its umask is not an octal number")
        }
        guard let variables = arguments.kwargs["environment"]?.objectValue else { throw bad("its environment is not an object") }
        var environment: [String: String] = [:]
        for (name, value) in variables.members {
            guard Self.isName(name), let value = value.stringValue, !value.utf8.contains(0) else {
                throw bad("'\(name.forLog)' is not a variable with a value")
            }
            guard !name.hasPrefix(Self.reservedPrefix) else { throw bad("the variable \(name) is set by the worker alone") }
            environment[name] = value
        }
        self.init(argv: arguments.args, folder: folder, environment: environment, umask: umask)
    }

    /// Whether this can be the name of a variable.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
    }

    private static func isWord(_ value: JSON) -> Bool {
        if let text = value.stringValue { return !text.utf8.contains(0) }
        guard let object = value.objectValue, object.count == 2, object["__type__"] == "base64" else { return false }
        return object["__value__"]?.stringValue.flatMap(Base64.decode).map { !$0.contains(0) } ?? false
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.arguments.args == right.arguments.args && left.arguments.kwargs == right.arguments.kwargs
    }
}
