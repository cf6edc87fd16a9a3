public import CeleryCore
import Tasks

/// The result of a task that may not have ended yet.
public struct AsyncResult<Value: Sendable>: Sendable {
    public let id: TaskID
    package let client: Client

    init(id: TaskID, client: Client) {
        self.id = id
        self.client = client
    }

    /// The current state of the task.
    public func state() async throws -> TaskState { try await client.status(of: [id])[0].state }

    /// Whether the task has finished.
    public func ready() async throws -> Bool { try await state().isReady }

    /// Whether the task has succeeded.
    public func successful() async throws -> Bool { try await state() == .success }

    /// The stored return value; `nil` unless the task has succeeded.
    public func result() async throws -> JSON? {
        guard let result = try await client.store.results(for: [id])[id], result.state == .success else { return nil }
        return result.value
    }

    /// Why the task failed; `nil` if it has not failed.
    public func failure() async throws -> TaskFailure? {
        try await client.store.results(for: [id])[id].flatMap { $0.state.isReady ? $0.failure : nil }
    }

    /// The stored traceback of a failed task; `nil` if there is none.
    public func traceback() async throws -> String? { try await client.store.results(for: [id])[id]?.traceback }

    /// Waits until the task has finished and returns its value as JSON.
    ///
    /// - Throws: `TaskFailed` if the task did not succeed, `ResultTimeout` if it did not finish in time,
    ///   `ResultMissing` if its result is not stored.
    public func getJSON(timeout: Duration? = nil) async throws -> JSON {
        var result: TaskResult?
        let unfinished = try await client.wait(for: [id], timeout: timeout) { result = $0 }
        if !unfinished.gone.isEmpty { throw ResultMissing(id: id) }
        guard let result else { throw ResultTimeout(id: id) }
        if result.state == .success { return result.value }
        throw TaskFailed(id: id, state: result.state, failure: result.failure)
    }

    /// Deletes the stored result.
    public func forget() async throws { _ = try await client.store.forget([id]) }
}

extension AsyncResult where Value == JSON {
    /// Waits until the task has finished and returns its value.
    ///
    /// - Throws: The errors of `getJSON`.
    public func get(timeout: Duration? = nil) async throws -> JSON { try await getJSON(timeout: timeout) }
}

extension AsyncResult where Value: Decodable {
    /// Waits until the task has finished and returns its value.
    ///
    /// - Throws: The errors of `getJSON`; `DecodingError` if the value has another type.
    public func get(timeout: Duration? = nil) async throws -> Value {
        try JSONValueDecoder.decode(Value.self, from: try await getJSON(timeout: timeout))
    }
}

/// The awaited task did not succeed.
public struct TaskFailed: Error, Sendable, CustomStringConvertible {
    public var id: TaskID
    public var state: TaskState
    public var failure: TaskFailure?

    public var description: String {
        guard let failure else { return "task \(id) ended as \(state.name)" }
        return "\(failure.type): \(failure.message)"
    }
}

/// The awaited task did not finish in time.
public struct ResultTimeout: Error, Sendable, CustomStringConvertible {
    public var id: TaskID
    public var description: String { "task \(id) did not finish in time" }
}

/// The awaited task has finished or was deleted, and no result of it is stored.
public struct ResultMissing: Error, Sendable, CustomStringConvertible {
    public var id: TaskID
    public var description: String { "no result of task \(id) is stored" }
}
