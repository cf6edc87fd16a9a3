import CeleryCore

extension TaskDefinition {
    /// The definition of a task that is a function.
    ///
    /// - Parameters:
    ///   - names: The names of the arguments, for calls with keyword arguments; none if all arguments are positional.
    ///   - message: The message of an error that the function throws; `nil` uses its description.
    /// - Throws: `ArgumentNamesMistake`; `ScheduleError` for a periodic task with required arguments.
    package convenience init<each Argument: Decodable & Sendable, Output: Encodable & Sendable>(
        name: String, options: TaskOptions, arguments names: [String], message: @escaping ErrorMessage = { _ in nil },
        function: @escaping @Sendable (TaskContext, repeat each Argument) async throws -> Output
    ) throws {
        var count = 0
        for _ in repeat (each Argument).self { count += 1 }
        let total = count
        guard names.isEmpty || names.count == total, Set(names).count == names.count else {
            throw ArgumentNamesMistake(task: name, names: names, count: total)
        }
        let decode: @Sendable (TaskArguments) throws -> (repeat each Argument) = { arguments in
            let reader = try FunctionArguments(arguments, names: names, count: total)
            let values = try (repeat reader.next((each Argument).self))
            try reader.checkAllTaken()
            return values
        }
        if options.periodic != nil {
            do {
                _ = try decode(TaskArguments())
            } catch ArgumentsError.missing(let missing) {
                throw Self.needsArgument("'\(missing)'", hint: "make it optional")
            } catch ArgumentsError.wrongCount {
                throw Self.needsArgument("that is not optional", hint: "make it optional")
            }
        }
        let runner = SwiftTaskRunner(name: name, options: options, message: message) { arguments, context in
            let values = try decode(arguments)
            return try JSONValueEncoder.encode(await function(context, repeat each values))
        }
        self.init(name: name, options: options, kind: .swift(runner), source: "built in")
    }
}

/// The names for the arguments of a function do not fit it.
package struct ArgumentNamesMistake: Error, Hashable, CustomStringConvertible {
    var task: String
    var names: [String]
    /// How many arguments the function takes.
    var count: Int

    package var description: String {
        let takes = "task \(task) takes \(count) argument\(count == 1 ? "" : "s")"
        if names.count == count { return "\(takes), of which two have one name: \(names.joined(separator: ", "))" }
        return "\(takes), but has \(names.count) name\(names.count == 1 ? "" : "s") for them: \(names.joined(separator: ", "))"
    }
}
