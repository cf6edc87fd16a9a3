/// A task written in Swift.
///
///     struct Resize: CeleryTask {
///         var file: String
///         var width: Int
///         var height: Int?
///
///         func run(_ context: TaskContext) async throws -> String { ... }
///     }
///
/// The stored properties are the arguments of the task. Positional arguments are assigned in the order of declaration,
/// keyword arguments by name; optional properties may be omitted. A default value (`var width = 100`) has no effect,
/// because the synthesized `Codable` conformance ignores it. Make the property optional instead.
public protocol CeleryTask: Codable, Sendable {
    /// The type of the return value; `NoOutput` for none.
    associatedtype Output: Encodable & Sendable

    /// The name in messages. The default is the qualified name of the type: `Example.Resize`.
    static var name: String { get }

    /// The options of the task, which messages can override.
    static var options: TaskOptions { get }

    /// Does the work. A thrown error is stored as the failure of the task; `throw context.retry()` requests a retry.
    ///
    /// At the soft time limit, the Swift concurrency task that runs this method is cancelled.
    func run(_ context: TaskContext) async throws -> Output
}

extension CeleryTask {
    public static var name: String { String(reflecting: Self.self) }
    public static var options: TaskOptions { TaskOptions() }
}

/// The return value of a task without one: `null`.
public struct NoOutput: Codable, Sendable, Hashable {
    public init() {}

    public init(from decoder: any Decoder) {}

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}
