import Processes

/// Does what blocks on a thread of its own.
@discardableResult
package func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        WorkThread.start { continuation.resume(with: Result { try body() }) }
    }
}
