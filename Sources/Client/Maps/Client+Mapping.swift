public import CeleryCore
public import Tasks

/// `dmap`: one task for many inputs.
extension Client {
    /// Maps a Swift task over inputs; see `TaskMap`.
    ///
    ///     for try await square in client.dmap(Square.self, 1...1_000) { print(try square.get()) }
    ///     let squares = try await client.dmap(Square.self, [Square(x: 1), Square(x: 2)]).join()
    ///
    /// - Parameters:
    ///   - task: The type of the task; its options apply as in `send`.
    ///   - inputs: Values of the task's type, with all arguments; or values of another type, each of which is the only argument
    ///     of a call. A sequence whose `next` blocks keeps a thread of Swift's pool: better make it an `AsyncSequence`.
    ///   - inOrder: Whether results come in the order of the inputs; otherwise as tasks end.
    ///   - inFlight: The most inputs at the broker and at workers at a time; `nil` follows the speed of the workers.
    ///   - keepsResults: Whether results stay in the result store after they were taken.
    ///   - options: Options of each call; ids and groups are given by the map.
    public func dmap<Work: CeleryTask, Inputs: Sequence & Sendable>(
        _ task: Work.Type, _ inputs: Inputs, inOrder: Bool = true, inFlight: Int? = nil, keepsResults: Bool = false,
        options: SendOptions = SendOptions()
    ) -> TaskMap<Work.Output> where Inputs.Element: Encodable, Work.Output: Decodable {
        let inputs = MapInputs(inputs) { try MapArguments.of($0, for: Work.self) }
        return TaskMap(plan(Work.name, Work.options, inputs, inOrder, inFlight, keepsResults, options)) {
            try JSONValueDecoder.decode(Work.Output.self, from: $0)
        }
    }

    /// Maps a Swift task over inputs that arrive with time.
    ///
    /// The parameters are those of `dmap` for other sequences. An error of the inputs ends the map.
    public func dmap<Work: CeleryTask, Inputs: AsyncSequence & Sendable>(
        _ task: Work.Type, _ inputs: Inputs, inOrder: Bool = true, inFlight: Int? = nil, keepsResults: Bool = false,
        options: SendOptions = SendOptions()
    ) -> TaskMap<Work.Output> where Inputs.Element: Encodable, Work.Output: Decodable {
        let inputs = MapInputs(inputs) { try MapArguments.of($0, for: Work.self) }
        return TaskMap(plan(Work.name, Work.options, inputs, inOrder, inFlight, keepsResults, options)) {
            try JSONValueDecoder.decode(Work.Output.self, from: $0)
        }
    }

    /// Maps a task over inputs by its name, for programs and tasks of other languages; the results are JSON.
    ///
    ///     let sizes = try await client.dmap("thumbs.tasks.make", ["a.jpg", "b.jpg"]).join()
    ///
    /// - Parameter inputs: Values each of which is the only argument of a call.
    public func dmap<Inputs: Sequence & Sendable>(
        _ task: String, _ inputs: Inputs, inOrder: Bool = true, inFlight: Int? = nil, keepsResults: Bool = false,
        options: SendOptions = SendOptions()
    ) -> TaskMap<JSON> where Inputs.Element: Encodable {
        let inputs = MapInputs(inputs) { try MapArguments.of($0) }
        return TaskMap(plan(task, nil, inputs, inOrder, inFlight, keepsResults, options)) { $0 }
    }

    /// Maps a task by its name over inputs that arrive with time.
    public func dmap<Inputs: AsyncSequence & Sendable>(
        _ task: String, _ inputs: Inputs, inOrder: Bool = true, inFlight: Int? = nil, keepsResults: Bool = false,
        options: SendOptions = SendOptions()
    ) -> TaskMap<JSON> where Inputs.Element: Encodable {
        let inputs = MapInputs(inputs) { try MapArguments.of($0) }
        return TaskMap(plan(task, nil, inputs, inOrder, inFlight, keepsResults, options)) { $0 }
    }

    private func plan(
        _ task: String, _ taskOptions: TaskOptions?, _ inputs: MapInputs, _ inOrder: Bool, _ inFlight: Int?, _ keepsResults: Bool,
        _ options: SendOptions
    ) -> MapPlan {
        MapPlan(
            client: self, task: task, taskOptions: taskOptions, options: options, inputs: inputs, isOrdered: inOrder, inFlight: inFlight,
            keepsResults: keepsResults)
    }
}

/// Arguments made of inputs.
enum MapArguments {
    /// The arguments of one call of a Swift task.
    ///
    /// - Throws: An error of encoding.
    static func of<Input: Encodable, Work: CeleryTask>(_ input: Input, for task: Work.Type) throws -> TaskArguments {
        Input.self == Work.self ? try TaskArgumentsEncoder.encode(input) : try of(input)
    }

    /// The only argument of one call.
    static func of<Input: Encodable>(_ input: Input) throws -> TaskArguments {
        TaskArguments(args: [try JSONValueEncoder.encode(input)])
    }
}
