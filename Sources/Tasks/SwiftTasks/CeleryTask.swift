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
/// The stored properties are its arguments. Positional arguments fill them in the order of
/// declaration, keyword arguments by name; an optional property may be left out. A default
/// value (`var width = 100`) is of no effect here: the decoding that Swift writes for a
/// `Codable` type does not look at it. Make the property optional instead.
public protocol CeleryTask: Codable, Sendable {
    /// What is kept as the return value; `NoOutput` for nothing.
    associatedtype Output: Encodable & Sendable

    /// The name in messages. By itself the name of the module and type: `Example.Resize`.
    static var name: String { get }

    /// How it is run, where a message does not say otherwise.
    static var options: TaskOptions { get }

    /// Does the work. What it throws is stored as the failure; `throw context.retry()` asks for another try.
    ///
    /// At its soft time limit the Swift task running this is cancelled.
    func run(_ context: TaskContext) async throws -> Output
}

extension CeleryTask {
    public static var name: String { String(reflecting: Self.self) }
    public static var options: TaskOptions { TaskOptions() }
}

/// The return value of a task that has none: `null`.
public struct NoOutput: Codable, Sendable, Hashable {
    public init() {}

    public init(from decoder: any Decoder) {}

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}
