public import Tasks

/// Functions as tasks. There is a method for each kind of function: with or without the context of the task as its first
/// argument, with or without a value.
extension CeleryProgram {
    /// Adds a function as a task.
    ///
    ///     CeleryProgram()
    ///         .task("add") { (a: Int, b: Int) in a + b }
    ///         .task("join", arguments: ["words", "separator"]) { (words: [String], separator: String?) in
    ///             words.joined(separator: separator ?? " ")
    ///         }
    ///         .main()
    ///
    /// The arguments of a message are assigned in order; optional ones may be omitted. A thrown error is stored as the failure
    /// of the task.
    ///
    /// - Parameters:
    ///   - name: The name in messages, as for `celery apply NAME`.
    ///   - options: The options of the task, which messages can override.
    ///   - arguments: The names of all arguments, so that calls can use keyword arguments; without them a call has only
    ///     positional ones.
    ///   - function: Does the work. At the soft time limit, the Swift concurrency task that runs it is cancelled.
    public func task<each Argument: Decodable & Sendable, Output: Encodable & Sendable>(
        _ name: String, options: TaskOptions = TaskOptions(), arguments: [String] = [],
        function: @escaping @Sendable (repeat each Argument) async throws -> Output
    ) -> CeleryProgram {
        adding(name, options, arguments) { (_: TaskContext, values: repeat each Argument) in
            try await function(repeat each values)
        }
    }

    /// Adds a function that takes the context of its task, to log with its id, to request a retry or to tell progress.
    ///
    ///     CeleryProgram().task("fetch") { (context: TaskContext, address: String) in
    ///         do { return try await fetch(address) } catch { throw context.retry(because: error) }
    ///     }.main()
    public func task<each Argument: Decodable & Sendable, Output: Encodable & Sendable>(
        _ name: String, options: TaskOptions = TaskOptions(), arguments: [String] = [],
        function: @escaping @Sendable (TaskContext, repeat each Argument) async throws -> Output
    ) -> CeleryProgram {
        adding(name, options, arguments, function)
    }

    /// Adds a function without a value: the return value of the task is `null`.
    public func task<each Argument: Decodable & Sendable>(
        _ name: String, options: TaskOptions = TaskOptions(), arguments: [String] = [],
        function: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) -> CeleryProgram {
        adding(name, options, arguments) { (_: TaskContext, values: repeat each Argument) in
            try await function(repeat each values)
            return NoOutput()
        }
    }

    /// Adds a function that takes the context of its task and has no value.
    public func task<each Argument: Decodable & Sendable>(
        _ name: String, options: TaskOptions = TaskOptions(), arguments: [String] = [],
        function: @escaping @Sendable (TaskContext, repeat each Argument) async throws -> Void
    ) -> CeleryProgram {
        adding(name, options, arguments) { (context: TaskContext, values: repeat each Argument) in
            try await function(context, repeat each values)
            return NoOutput()
        }
    }
}
